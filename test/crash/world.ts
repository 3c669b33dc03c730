import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../simulator/index.ts';
import type { LogEntry, RunningSimulator, SimulatorOptions } from '../../simulator/index.ts';
import type { Budget } from '../../src/core/budget.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { createSqlLedger } from '../../src/ledger/sql.ts';
import { createFileSystemStore } from '../../src/storage/file-system.ts';
import { toAccount, toDirectory, toJobId, toRequest } from './account.ts';
import type {
  ActivityCall,
  ActivityEnd,
  ActivityProcess,
  Failpoint,
  ProcessEnd,
  SpawnOptions,
} from './activity-process.ts';
import { startProcess } from './activity-process.ts';
import type { AnotherWorker, Places } from './another-worker.ts';
import { startAnotherWorker } from './another-worker.ts';
import type { Injection } from './strace.ts';
import { trace } from './strace.ts';
import type { Steps } from './steps.ts';
import { toSteps } from './steps.ts';

export const JOB = 'job-1';

export interface WorldOptions {
  /** RixAPI has no list, NexusFlow has one. Default `rixapi`. */
  readonly provider?: 'nexusflow' | 'rixapi';
  /** Default false. */
  readonly exclusive?: boolean;
  readonly simulator?: SimulatorOptions;
  /** Where the account finds its provider, from where the simulator serves it. Default: there. */
  readonly toBaseUrl?: (simulated: string) => string;
  /** Default: a SQLite file of the world's own. */
  readonly ledgerUrl?: string;
  /** Limits that the started processes know. Default: none. */
  readonly budgets?: readonly Budget[];
  /** Of the POST. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface RunOptions extends SpawnOptions {
  /** On its system calls, from its first activity on. */
  readonly injection?: Injection;
  /** How far the process' clock runs ahead. */
  readonly clockAheadMs?: number;
  /** How long the ledger waits for a lock. Default 2 s. */
  readonly lockWaitMs?: number;
}

export interface LaterOptions {
  readonly jobId?: string;
  /** On a host that has a spool of its own. */
  readonly isElsewhere?: boolean;
}

/** One job's surroundings: a provider with its book, a ledger, a store, a spool. Processes come and go in it. */
export interface World extends Places {
  readonly directory: string;
  readonly simulator: RunningSimulator;
  readonly steps: Steps;
  /** Those of another job. */
  stepsOf(jobId: string): Steps;
  /** Creates that the provider accepted for a job: the truth about what was bought. */
  creates(jobId?: string): readonly LogEntry[];
  /** Starts a process that runs activities one after the other. */
  start(calls: readonly ActivityCall[], options?: RunOptions): Promise<ActivityProcess>;
  /** The same, to its end. */
  run(calls: readonly ActivityCall[], options?: RunOptions): Promise<ProcessEnd>;
  /** What the processes so far have sent as heartbeats, oldest first. */
  heartbeats(): Promise<readonly unknown[]>;
  /** Another worker opens the job. */
  openJob(): Promise<void>;
  /** Another worker takes a job over, once every deadline has passed. */
  later<Result>(
    act: (worker: AnotherWorker) => Promise<Result>,
    options?: LaterOptions,
  ): Promise<Result>;
  /** Moves the wall clock of all processes ahead, as a pause of the whole machine does. */
  jumpClock(byMs: number): Promise<void>;
  /** Opens the ledger for one look at it. */
  look<Seen>(look: (ledger: Ledger) => Promise<Seen>): Promise<Seen>;
  /** Names of temporary objects that are left once the store has been swept. */
  temporaries(): Promise<readonly string[]>;
}

const TIMEOUT_MS = 30_000;
const LOCK_WAIT_MS = 2_000;
/** Past every deadline of a submission. */
export const LATER_MS = 120_000;

const READY: Failpoint = { moment: '^before activity', action: 'stop' };

/** Does something in a world of its own, and takes the world away afterwards. */
export async function inWorld(
  options: WorldOptions,
  act: (world: World) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pollux-crash-'));
  const simulator = await startSimulator({
    durationsMs: { image: [1, 2], video: [1, 2] },
    ...options.simulator,
  });
  const processes: ActivityProcess[] = [];
  try {
    await act(await makeWorld(directory, simulator, processes, options));
  } finally {
    for (const process of processes) process.signal('SIGKILL');
    await Promise.allSettled(processes.map(({ ended }) => ended));
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeWorld(
  directory: string,
  simulator: RunningSimulator,
  processes: ActivityProcess[],
  options: WorldOptions,
): Promise<World> {
  const { provider = 'rixapi', exclusive = false, timeoutMs = TIMEOUT_MS } = options;
  const simulated = simulator.baseUrls[provider];
  const account = toAccount(provider, options.toBaseUrl?.(simulated) ?? simulated, exclusive);
  const stepsOf = (jobId: string): Steps => toSteps(jobId, toRequest(provider, jobId), timeoutMs);
  const steps = stepsOf(JOB);
  const places = {
    ledgerUrl: options.ledgerUrl ?? `sqlite:${join(directory, 'ledger.db')}`,
    spool: join(directory, 'spool'),
    store: join(directory, 'artifacts'),
  };
  const heartbeats = join(directory, 'heartbeats');
  const clockJump = join(directory, 'clock-jump');

  const withWorker = async <Result>(
    act: (worker: AnotherWorker) => Promise<Result>,
    there: Places,
    its: Steps,
    clockAheadMs: number,
  ): Promise<Result> => {
    const worker = await startAnotherWorker(there, toDirectory(account), its, clockAheadMs);
    try {
      return await act(worker);
    } finally {
      await worker.close();
    }
  };
  const look: World['look'] = async (see) => {
    const ledger = await createSqlLedger({ url: places.ledgerUrl });
    try {
      return await see(ledger);
    } finally {
      await ledger.close();
    }
  };
  const start: World['start'] = async (activities, runOptions = {}) => {
    const { clockAheadMs, lockWaitMs = LOCK_WAIT_MS, injection, ...rest } = runOptions;
    const file = join(directory, `process-${randomUUID()}.json`);
    const plan = {
      ...places,
      account,
      budgets: options.budgets ?? [],
      activities,
      heartbeats,
      clockJump,
      clockAheadMs,
      lockWaitMs,
    };
    await writeFile(file, JSON.stringify(plan));
    const failpoints = injection === undefined ? {} : { failpoints: [READY] };
    const started = startProcess(file, { ...rest, ...failpoints });
    processes.push(started);
    if (injection === undefined) return started;
    await started.stopped();
    await trace(started.pid, injection);
    started.signal('SIGCONT');
    return started;
  };
  // A process that crashes must not be the one that makes the tables.
  await look(async () => undefined);

  return {
    ...places,
    directory,
    simulator,
    steps,
    stepsOf,
    creates: (jobId = JOB) =>
      simulator.log().filter((entry) => entry.kind === 'create' && toJobId(entry) === jobId),
    start,
    run: async (...parameters) => await (await start(...parameters)).ended,
    heartbeats: async () => {
      const text = await readFile(heartbeats, 'utf8').catch(() => '');
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as unknown);
    },
    openJob: () => withWorker((worker) => worker.openJob(1), places, steps, 0),
    later: (act, { jobId = JOB, isElsewhere = false } = {}) => {
      const there = isElsewhere ? { ...places, spool: `${places.spool}-elsewhere` } : places;
      return withWorker(act, there, stepsOf(jobId), LATER_MS);
    },
    jumpClock: (byMs) => writeFile(clockJump, `${byMs}`),
    look,
    temporaries: async () => {
      await createFileSystemStore({ root: places.store }).sweep(0);
      return await readdir(join(places.store, '.tmp')).catch(() => []);
    },
  };
}

/** What an activity returned. Throws where it did not come to its end, or threw. */
export function resultOf(end: ProcessEnd, name: string): unknown {
  const { error, result } = endOf(end, name);
  if (error !== undefined) throw new Error(`${name}: ${error.code}: ${error.message}`);
  return result;
}

export function endOf({ activities, stderr }: ProcessEnd, name: string): ActivityEnd {
  const activity = activities.find((each) => each.name === name);
  if (activity === undefined) throw new Error(`${name} did not come to its end: ${stderr}`);
  return activity;
}
