import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createSubmitGate, drainSpool } from '../../src/activities/index.ts';
import type {
  AcceptedTask,
  ActivityPorts,
  BookedCost,
  SubmitOutcome,
} from '../../src/activities/index.ts';
import { closeJob } from '../../src/activities/close-job.ts';
import { openJob } from '../../src/activities/open-job.ts';
import { reconcile } from '../../src/activities/reconcile.ts';
import type { ReconcileProgress } from '../../src/activities/reconcile.ts';
import { recordCost } from '../../src/activities/record-cost.ts';
import { storeArtifact } from '../../src/activities/store.ts';
import { submit } from '../../src/activities/submit.ts';
import type { AccountDirectory } from '../../src/core/accounts.ts';
import type { Artifact, JobInput, JobResult } from '../../src/core/job.ts';
import type { Logger } from '../../src/core/logger.ts';
import { PLAIN } from '../../src/core/sealer.ts';
import { createFileSpool } from '../../src/ledger/spool.ts';
import { createSqlLedger } from '../../src/ledger/sql.ts';
import { inspectMedia } from '../../src/media/index.ts';
import { createMediaFetcher } from '../../src/providers/index.ts';
import { createFileSystemStore } from '../../src/storage/file-system.ts';
import type { StepOf, Steps } from './steps.ts';
import { NOTHING_KNOWN } from '../installation/nothing-known.ts';

/** Where a worker finds what it shares with others. */
export interface Places {
  readonly ledgerUrl: string;
  readonly spool: string;
  readonly store: string;
}

/** What goes on with a job after its worker was lost: this process, which knows nothing but what lies on disk. */
export interface AnotherWorker {
  reconcile(number: number, heartbeat?: AcceptedTask): Promise<SubmitOutcome>;
  drainSpool(): Promise<number>;
  openJob(number: number): Promise<void>;
  /** Opens the number, too. Only a proof that nothing was bought allows that to a second one. */
  submit(number: number): Promise<SubmitOutcome>;
  /** The same, by an operator's decision. */
  resubmit(number: number): Promise<SubmitOutcome>;
  recordCost(step: StepOf<'recordCost'>): Promise<BookedCost>;
  storeArtifact(step: StepOf<'storeArtifact'>): Promise<Artifact>;
  closeJob(step: StepOf<'closeJob'>): Promise<JobResult>;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
const LOGGER: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function startAnotherWorker(
  places: Places,
  accounts: AccountDirectory,
  steps: Steps,
  clockAheadMs: number,
): Promise<AnotherWorker> {
  const ports: ActivityPorts = {
    accounts,
    ledger: await createSqlLedger({ url: places.ledgerUrl }),
    budgets: [],
    spool: createFileSpool({ directory: places.spool, sealer: PLAIN, logger: LOGGER }),
    gate: createSubmitGate(),
    store: createFileSystemStore({ root: places.store }),
    sealer: PLAIN,
    durations: NOTHING_KNOWN,
    fetcher: createMediaFetcher(),
    inspectMedia,
    parseJobInput: (input) => input as JobInput,
    clock: () => Date.now() + clockAheadMs,
    worker: `another:${randomUUID()}`,
    isStopping: () => false,
    logger: LOGGER,
  };
  return {
    reconcile: (number, heartbeat) => {
      const step = steps.reconcile(number, heartbeat);
      return untilAnswered<SubmitOutcome, ReconcileProgress>((previous, note) =>
        reconcile(ports, step, { previous, heartbeat: note, signal: new AbortController().signal }),
      );
    },
    drainSpool: async () => (await drainSpool(ports)).length,
    openJob: async (number) => {
      await openJob(ports, steps.openJob(number));
    },
    submit: async (number) => {
      await openJob(ports, steps.openJob(number));
      return await submit(ports, steps.submit(number), nothing);
    },
    resubmit: async (number) => {
      const decision = { id: randomUUID(), author: 'operator', reason: 'test', isPolicy: false };
      await openJob(ports, { ...steps.openJob(number), resubmit: decision });
      return await submit(ports, steps.submit(number), nothing);
    },
    recordCost: (step) => recordCost(ports, step),
    storeArtifact: (step) => storeOnce(ports, step),
    closeJob: (step) => closeJob(ports, step),
    close: () => ports.ledger.close(),
  };
}

/** A worker on another machine: nothing of an earlier transfer is there. */
async function storeOnce(ports: ActivityPorts, step: StepOf<'storeArtifact'>): Promise<Artifact> {
  const { signal } = new AbortController();
  const stored = await storeArtifact(ports, step, {
    attempt: 1,
    previous: undefined,
    heartbeat: nothing,
    signal,
  });
  if (stored.kind === 'stored') return stored.artifact;
  throw new Error(`output ${step.index} was not stored: ${stored.kind}`);
}

const WAIT_MS = 100;

/** As the server does it: an activity that waits is run again, and told the last heartbeat of the attempt before. */
async function untilAnswered<Answer, Progress>(
  attempt: (previous: Progress | undefined, note: (progress: Progress) => void) => Promise<Answer>,
): Promise<Answer> {
  let last: Progress | undefined;
  for (;;) {
    try {
      return await attempt(last, (progress) => (last = progress));
    } catch (error) {
      if (!(error instanceof Error && 'nextRetryDelay' in error)) throw error;
      await delay(WAIT_MS);
    }
  }
}
