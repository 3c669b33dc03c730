import { setTimeout as delay } from 'node:timers/promises';
import type { JobHandle } from '../client.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { JobState } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import { WORKFLOW_QUEUE } from '../core/keys.ts';
import { awaitInterruption } from './host.ts';
import type { ProgressView } from './progress.ts';
import { createProgressView } from './progress.ts';
import type { Session } from './session.ts';
import { completeState, readFromLedger } from './session.ts';
import type { Terminal } from './terminal.ts';
import { hasPollers, NO_WORKER } from './workers.ts';

export interface FollowOptions {
  readonly job: JobHandle;
  readonly session: Session;
  readonly terminal: Terminal;
  /** How long a held job is waited for before following ends. */
  readonly waitHeldSeconds: number;
}

/** Why following ended. The job itself ends only in the first case. */
export type Followed =
  | { readonly outcome: 'ended' | 'held'; readonly state: JobState }
  | { readonly outcome: 'interrupted' };

const RETRY_WHEN_AWAY_MS = 2_000;
/** An outage of Temporal that is longer than this ends the following. */
const PATIENCE_WHEN_AWAY_MS = 300_000;
const NO_WORKER_CHECK_MS = 10_000;
const INTERRUPTED = 'interrupted';

/**
 * Shows a job until it ends, is held longer than asked, or the person interrupts. Survives a Temporal server that is
 * away for a while; a job that Temporal has lost is looked up in the ledger. `temporal.unavailable`, `request.invalid`.
 */
export async function followJob(options: FollowOptions): Promise<Followed> {
  const { session, terminal, waitHeldSeconds } = options;
  const view = createProgressView(terminal);
  const watching = new AbortController();
  const interruption = awaitInterruption(terminal);
  void interruption.happened.then(() => watching.abort(INTERRUPTED));
  const noWorker = watchForWorkers(session, view, watching.signal);
  let last: JobState | undefined;
  let heldTimer: NodeJS.Timeout | undefined;
  try {
    for await (const state of watchThroughOutages(options, view, watching.signal)) {
      last = state;
      view.show(state);
      if (state.status !== 'held') {
        clearTimeout(heldTimer);
        heldTimer = undefined;
      } else {
        heldTimer ??= setTimeout(() => watching.abort(), waitHeldSeconds * 1000);
      }
    }
  } finally {
    clearTimeout(heldTimer);
    watching.abort();
    await noWorker;
    interruption.stop();
    view.close();
  }
  if (last !== undefined && isEndStatus(last.status)) return { outcome: 'ended', state: last };
  if (last === undefined || watching.signal.reason === INTERRUPTED) {
    return { outcome: 'interrupted' };
  }
  return { outcome: 'held', state: last };
}

async function* watchThroughOutages(
  { job, session }: FollowOptions,
  view: ProgressView,
  signal: AbortSignal,
): AsyncGenerator<JobState> {
  const { installation } = session;
  let awaySinceMs: number | undefined;
  while (!isAborted(signal)) {
    try {
      for await (const state of job.watch({ signal })) {
        if (awaySinceMs !== undefined) view.note('Temporal answers again');
        awaySinceMs = undefined;
        yield completeState(installation.config, state);
      }
      return;
    } catch (error) {
      if (isAborted(signal)) return;
      if (!isMediaJobError(error)) throw error;
      if (error.code === 'request.invalid') {
        const recorded = await readFromLedger(installation, job.jobId);
        if (recorded === undefined || !isEndStatus(recorded.status)) throw error;
        view.note('Temporal does not know the job any more; this is from the ledger');
        yield recorded;
        return;
      }
      if (error.code !== 'temporal.unavailable') throw error;
      if (awaySinceMs === undefined) view.note('Temporal does not answer; waiting for it');
      awaySinceMs ??= Date.now();
      if (Date.now() - awaySinceMs > PATIENCE_WHEN_AWAY_MS) throw error;
      await pause(RETRY_WHEN_AWAY_MS, signal);
    }
  }
}

/** Says once that nobody works, so that a person does not wait in vain. */
async function watchForWorkers(
  { access }: Session,
  view: ProgressView,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(NO_WORKER_CHECK_MS, signal);
    if (signal.aborted) return;
    // Trouble with this question shows in the watching, too, and is told there.
    const isPolled = await hasPollers(access, WORKFLOW_QUEUE, 'workflow').catch(() => true);
    if (isPolled) continue;
    view.note(NO_WORKER);
    return;
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
