import type { Account, Timing } from '../../../src/core/account.ts';
import type { AccountDirectory, AccountEntry } from '../../../src/core/accounts.ts';
import type { Budget } from '../../../src/core/budget.ts';
import type { JobInput, JobResult, JobState } from '../../../src/core/job.ts';
import type { JobRuns } from '../../../src/core/job-runs.ts';
import { toWorkflowId } from '../../../src/core/keys.ts';
import type { Ledger } from '../../../src/core/ledger.ts';
import type { TaskSummary } from '../../../src/core/provider.ts';
import { Secret } from '../../../src/core/secret.ts';
import { generateMedia } from '../../../src/workflows/index.ts';
import type { Book } from '../ledger/book.ts';
import { createMemoryLedger } from '../ledger/memory-ledger.ts';
import { Random } from '../random.ts';
import { TemporalServer } from '../temporal/temporal-server.ts';
import { Attempt } from '../temporal/attempt.ts';
import { currentContext } from '../temporal/context.ts';
import type { CodeContext } from '../temporal/context.ts';
import type { Perform, WorkerProcess } from '../temporal/worker-process.ts';
import type { WorkflowFunction } from '../temporal/workflow-instance.ts';
import type { WorkflowRun } from '../temporal/workflow-run.ts';
import { showTime } from '../virtual-globals.ts';
import { VirtualTime } from '../virtual-time.ts';
import type { Fault, Faults, PostFate } from './faults.ts';
import { CALM, createPerform } from './faults.ts';
import { Host } from './host.ts';
import type { HostOptions } from './host.ts';
import { MemoryStore } from './memory-store.ts';
import { createPorts } from './ports.ts';
import type { ApiKind } from './provider-model.ts';
import { createProviderModel } from './provider-model.ts';
import { ProviderService } from './provider-service.ts';
import type { Sender, TaskScript } from './provider-service.ts';

export interface AccountSpec {
  readonly name: string;
  readonly realm: string;
  readonly api: ApiKind;
  readonly exclusive: boolean;
  readonly onUnknown: Account['onUnknown'];
  readonly maxResubmits: number;
  readonly places: number;
}

export interface JobSpec {
  readonly jobId: string;
  readonly input: JobInput;
  readonly startAfterMs: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly accounts: readonly AccountSpec[];
  readonly jobs: readonly JobSpec[];
  readonly hosts: number;
  /** What goes wrong until {@link quietAfterMs}. */
  readonly faults: (random: Random) => Faults;
  readonly quietAfterMs: number;
  /** Faults at chosen points last; those at random end when the world becomes quiet. */
  readonly areFaultsLasting?: boolean;
  /** Values cross the wire as JSON; otherwise as they are, which is faster. */
  readonly isWireJson: boolean;
  readonly maxTravelMs: number;
  readonly listPageSize: number;
  /** What the task of a create does; drawn at random where it is absent. */
  readonly script?: (sender: Sender) => TaskScript;
  readonly timing?: Partial<Timing>;
  readonly budgets?: readonly Budget[];
  /** Arranges what people and providers do meanwhile. */
  readonly arrange?: (world: World) => void;
  /** Takes guarantees away; for negative controls. */
  readonly weakness?: Weakness;
}

export interface Weakness {
  readonly activities?: HostOptions['weaken'];
  readonly ledger?: (ledger: Ledger) => Ledger;
  /** What a list call shows, by who holds which task. */
  readonly listed?: (
    tasks: readonly TaskSummary[],
    isHeld: (taskId: string) => boolean,
  ) => readonly TaskSummary[];
  /** Activities whose attempts the server repeats without limit, whatever their policy says. */
  readonly retried?: ReadonlySet<string>;
}

export const START_MS: number = Date.UTC(2026, 5, 1, 10);
/** How long a job must be held before it counts as at rest. Milliseconds. */
const CALM_MS = 300_000;
/** How often it is looked whether everything is at rest. */
const LOOK_EVERY_MS = 10_000;
const LONGEST_MS = 86_400_000;

export const TIMING: Timing = {
  taskLifeSeconds: 3_600,
  urlLifeSeconds: 3_600,
  firstPollSeconds: 3,
  minPollSeconds: 5,
  maxPollSeconds: 60,
  submitTimeoutSeconds: 30,
  settleSeconds: 30,
  listSettleSeconds: 300,
  giveUpSeconds: 7_200,
};

/** An installation with everything around it: provider, server, ledger, store and hosts, in virtual time. */
export class World {
  readonly options: WorldOptions;
  readonly time: VirtualTime = new VirtualTime(START_MS);
  readonly random: Random;
  readonly server: TemporalServer;
  readonly book: Book;
  readonly ledger: Ledger;
  readonly store: MemoryStore;
  readonly services: Map<string, ProviderService> = new Map();
  readonly accounts: AccountDirectory;
  readonly hosts: readonly Host[];
  readonly runs: JobRuns;
  /** How the latest run of each job ended. */
  readonly ends: Map<string, WorkflowRun> = new Map();
  /** Effects in the order in which they happened. */
  readonly effects: string[] = [];
  readonly faultsSeen: Map<string, number> = new Map();
  readonly #heldSinceMs = new Map<string, number>();
  readonly #perform: Perform;
  #faults: Faults;
  #checkedAtMs = 0;
  isQuiet = false;
  /** Hears of everything that happens, for a person. */
  trace: ((text: string) => void) | undefined;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    const { time, random } = this;
    showTime(time, () => random.next());
    this.server = new TemporalServer({
      time,
      random: random.fork(),
      maxTravelMs: options.maxTravelMs,
      retried: options.weakness?.retried ?? new Set(),
    });
    const { ledger, book } = createMemoryLedger();
    this.book = book;
    this.ledger = options.weakness?.ledger?.(ledger) ?? ledger;
    this.store = new MemoryStore(() => time.nowMs);
    this.#faults = options.faults(random.fork());
    this.#perform = createPerform(
      () => this.#faults,
      (process, effect, fault) => this.#note(process, effect, fault),
    );
    this.runs = this.#createRuns();
    this.accounts = new Map(options.accounts.map((spec) => [spec.name, this.#createAccount(spec)]));
    this.hosts = Array.from({ length: options.hosts }, (_, index) => this.#createHost(index));
    this.server.onEnd = (run) => this.ends.set(run.workflowId, run);
  }

  /** Runs until everything has settled after the last fault. True: it has. */
  async run(): Promise<boolean> {
    const { time, options } = this;
    for (const host of this.hosts) host.start();
    for (const { jobId, input, startAfterMs } of options.jobs) {
      time.after(startAfterMs, () => this.startJob(jobId, input));
    }
    options.arrange?.(this);
    time.after(options.quietAfterMs, () => this.#becomeQuiet());
    await time.pass(() => this.#isOver());
    return this.#isSettled();
  }

  startJob(jobId: string, input: JobInput): boolean {
    const workflow = generateMedia as WorkflowFunction;
    return this.server.startWorkflow(toWorkflowId(jobId), workflow, [input]);
  }

  runOf(jobId: string): WorkflowRun | undefined {
    return this.server.run(toWorkflowId(jobId));
  }

  stateOf(jobId: string): JobState | undefined {
    return this.runOf(jobId)?.query('jobState') as JobState | undefined;
  }

  /** What the workflow of a job ended with; `undefined` while it runs, or where it ended without a result. */
  resultOf(jobId: string): JobResult | undefined {
    const end = this.ends.get(toWorkflowId(jobId))?.end;
    if (end?.kind === 'completed') return end.result as JobResult;
    if (end?.kind !== 'failed' || !('details' in end.failure)) return undefined;
    return (end.failure.details as readonly unknown[])[1] as JobResult | undefined;
  }

  serviceOf(taskId: string): ProviderService | undefined {
    return [...this.services.values()].find((service) => service.find(taskId) !== undefined);
  }

  count(fault: string): void {
    this.trace?.(`--- ${fault}`);
    this.faultsSeen.set(fault, (this.faultsSeen.get(fault) ?? 0) + 1);
  }

  #becomeQuiet(): void {
    this.isQuiet = true;
    if (this.options.areFaultsLasting !== true) this.#faults = CALM;
  }

  /** Once nobody waits for anything, or only held jobs do and all else has had its time. */
  #isOver(): boolean {
    const { nowMs, pending } = this.time;
    if (nowMs > START_MS + LONGEST_MS) return true;
    if (!this.isQuiet || (pending > 0 && nowMs < this.#checkedAtMs + LOOK_EVERY_MS)) return false;
    this.#checkedAtMs = nowMs;
    if (this.hosts.some((host) => host.process?.isUntouched !== true)) return false;
    return this.#isSettled() && (pending === 0 || this.#isSomeHeld());
  }

  #isSomeHeld(): boolean {
    return this.options.jobs.some(({ jobId }) => this.runOf(jobId)?.end === undefined);
  }

  #isSettled(): boolean {
    if (this.hosts.some((host) => host.spool.size > 0)) return false;
    return this.options.jobs.every(({ jobId }) => this.#isAtRest(jobId));
  }

  /** Ended, or held for a while: what a held job waits for is a person. */
  #isAtRest(jobId: string): boolean {
    const run = this.runOf(jobId);
    if (run === undefined) return false;
    if (run.end !== undefined) return true;
    const state = this.stateOf(jobId);
    if (state === undefined) run.revive();
    if (state?.status !== 'held') {
      this.#heldSinceMs.delete(jobId);
      return false;
    }
    const sinceMs = this.#heldSinceMs.get(jobId) ?? this.time.nowMs;
    this.#heldSinceMs.set(jobId, sinceMs);
    return this.time.nowMs - sinceMs >= CALM_MS;
  }

  #note(process: WorkerProcess, effect: string, fault: Fault | undefined): void {
    this.trace?.(`${process.name} ${titleOf(currentContext())} ${effect} ${JSON.stringify(fault)}`);
    if (fault !== undefined) {
      const kind = 'when' in fault ? `${fault.kind} ${fault.when}` : fault.kind;
      this.count(kind);
    }
    this.effects.push(effect);
  }

  #createAccount(spec: AccountSpec): AccountEntry {
    const { name, realm, exclusive, onUnknown, maxResubmits, places } = spec;
    const account: Account = {
      name,
      provider: 'nexusflow',
      baseUrl: 'https://provider.test',
      apiKey: new Secret(() => 'key'),
      keyId: `key of ${name}`,
      realm,
      exclusive,
      currency: 'USD',
      limits: { submitsPerMinute: 600, pollsPerMinute: 600, concurrentTasks: places },
      allowPrivateHosts: false,
      timing: { ...TIMING, ...this.options.timing },
      prices: new Map(),
      onUnknown,
      maxResubmits,
    };
    const service = this.services.get(realm) ?? this.#createService(realm);
    const provider = createProviderModel({
      api: spec.api,
      account: () => account,
      service,
      time: this.time,
      random: this.random.fork(),
      faults: () => this.#faults,
      perform: this.#perform,
      listPageSize: this.options.listPageSize,
      script: this.options.script,
      listed: (tasks) => {
        const isHeld = (taskId: string): boolean => this.book.ownerOf(realm, taskId) !== undefined;
        return this.options.weakness?.listed?.(tasks, isHeld) ?? tasks;
      },
      onPost: (fate: PostFate) => {
        if (fate !== 'accepted') this.count(`post: ${fate}`);
      },
      notify: (jobId, number, taskId) => void this.runs.notify(jobId, number, taskId),
    });
    return { account, provider };
  }

  #createService(realm: string): ProviderService {
    const service = new ProviderService({
      time: this.time,
      name: realm,
      taskLifeMs: TIMING.taskLifeSeconds * 1000,
      urlLifeMs: TIMING.urlLifeSeconds * 1000,
    });
    this.services.set(realm, service);
    return service;
  }

  #createHost(index: number): Host {
    const { options, random, server, accounts, ledger, store } = this;
    const perform = this.#perform;
    const restarts = random.fork();
    return new Host({
      name: `host-${index + 1}`,
      server,
      perform,
      wire: options.isWireJson ? toJson : (value) => value,
      isServerAway: () => this.#faults.isServerAway(this.time.nowMs),
      skewMs: random.integer(-500, 500),
      createPorts: (process, { spool }) =>
        createPorts({
          ...{ process, perform, accounts, ledger, store, spool },
          budgets: options.budgets ?? [],
          faults: () => this.#faults,
          serviceOf: (taskId) => this.serviceOf(taskId),
        }),
      weaken: options.weakness?.activities ?? ((activities) => activities),
      runs: this.runs,
      restartMs: () => restarts.integer(500, 5_000),
    });
  }

  #createRuns(): JobRuns {
    return {
      state: async () => ({ kind: 'missing' }),
      startAgain: async (jobId, input) => (this.startJob(jobId, input) ? 'started' : 'refused'),
      notify: async (jobId, number, taskId) =>
        this.server.signal(toWorkflowId(jobId), 'providerNotified', {
          number,
          ...(taskId === undefined ? {} : { taskId }),
        }),
    };
  }
}

function titleOf(context: CodeContext | undefined): string {
  return context instanceof Attempt ? context.task.title : 'housekeeping';
}

function toJson<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
