import { setTimeout as delay } from 'node:timers/promises';
import type { BatchHandle } from '../client/batches-types.ts';
import type { BatchState, ItemResult } from '../core/batch.ts';
import { WORKFLOW_QUEUE } from '../core/keys.ts';
import { createBatchProgress } from './batch-progress.ts';
import { countDone, isBatchEnd } from './batch-state.ts';
import { awaitInterruption } from './host.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { throughOutages } from './through-outages.ts';
import { hasPollers, NO_WORKER } from './workers.ts';

export interface FollowBatchOptions {
  readonly batch: BatchHandle;
  readonly session: Session;
  readonly terminal: Terminal;
  /** How long a batch of which everything in flight is held is waited for before following ends. */
  readonly waitHeldSeconds: number;
  /** Told every item once, as it ends. */
  readonly onResult?: (result: ItemResult) => void;
}

/** Why following ended. The batch itself ends only in the first case. */
export type FollowedBatch =
  | { readonly outcome: 'ended' | 'held'; readonly state: BatchState }
  | { readonly outcome: 'interrupted' };

const HELD_CHECK_MS = 5_000;
/** A batch writes the results of a few items together: they are told that much later than they are counted. */
const RESULTS_LAG_MS = 30_000;
const MOST_HELD = 1_000;
const NO_WORKER_CHECK_MS = 10_000;
const INTERRUPTED = 'interrupted';

/**
 * Shows a batch until it ends, has come to a halt by held jobs for longer than asked, or the person interrupts. Survives a
 * Temporal server that is away for a while. `temporal.unavailable`, `request.invalid`.
 */
export async function followBatch(options: FollowBatchOptions): Promise<FollowedBatch> {
  const { batch, session, terminal, waitHeldSeconds, onResult } = options;
  const view = createBatchProgress(terminal);
  const watching = new AbortController();
  const { signal } = watching;
  const interruption = awaitInterruption(terminal);
  void interruption.happened.then(() => watching.abort(INTERRUPTED));
  const note = (text: string): void => view.note(text);
  let last: BatchState | undefined;
  let held = 0;
  let told = 0;
  let haltedAtMs: number | undefined;
  let heldTimer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (last === undefined) return;
    view.show(last, held);
    clearTimeout(heldTimer);
    haltedAtMs = isHalted(last, held) ? (haltedAtMs ?? Date.now()) : undefined;
    if (haltedAtMs === undefined) return;
    const isAllTold = onResult === undefined || told >= countDone(last);
    const patienceMs = Math.max(waitHeldSeconds * 1000, isAllTold ? 0 : RESULTS_LAG_MS);
    heldTimer = setTimeout(() => watching.abort(), haltedAtMs + patienceMs - Date.now());
  };
  const takeResult = (result: ItemResult): void => {
    onResult?.(result);
    told += 1;
    look();
  };
  const takeHeld = (jobs: number): void => {
    held = jobs;
    look();
  };
  const asides = [countHeld(options, takeHeld, signal), noteMissingWorkers(session, note, signal)];
  const results =
    onResult === undefined ? Promise.resolve() : streamResults(batch, takeResult, note, signal);
  // Trouble with the results ends the watching, too.
  results.catch(() => watching.abort());
  try {
    for await (const state of throughOutages(() => batch.watch({ signal }), note, signal)) {
      last = state;
      look();
    }
    await results;
  } finally {
    watching.abort();
    await Promise.all(asides);
    clearTimeout(heldTimer);
    interruption.stop();
    view.close();
  }
  if (last !== undefined && isBatchEnd(last.status)) return { outcome: 'ended', state: last };
  if (last === undefined || signal.reason === INTERRUPTED) return { outcome: 'interrupted' };
  return { outcome: 'held', state: last };
}

/** Nothing goes on before a person decides. */
function isHalted({ inFlight, waiting, window }: BatchState, held: number): boolean {
  return held > 0 && held >= inFlight && (waiting === 0 || inFlight >= window);
}

async function streamResults(
  batch: BatchHandle,
  take: (result: ItemResult) => void,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // An iteration that begins again tells everything again.
  const told = new Set<string>();
  for await (const result of throughOutages(() => batch.results({ signal }), note, signal)) {
    if (told.has(result.item)) continue;
    told.add(result.item);
    take(result);
  }
}

/** The batch itself does not know which of its jobs wait for a person; Temporal's visibility does. */
async function countHeld(
  { batch, session }: FollowBatchOptions,
  take: (jobs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(HELD_CHECK_MS, signal);
    if (signal.aborted) return;
    try {
      let jobs = 0;
      const filter = { batch: batch.id, held: true, limit: MOST_HELD };
      for await (const job of session.client.list(filter)) if (job.hold !== null) jobs += 1;
      take(jobs);
    } catch {
      // Trouble with this question shows in the watching, too, and is told there.
    }
  }
}

/** Says once that nobody works, so that a person does not wait in vain. */
async function noteMissingWorkers(
  { access }: Session,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(NO_WORKER_CHECK_MS, signal);
    if (signal.aborted) return;
    const isPolled = await hasPollers(access, WORKFLOW_QUEUE, 'workflow').catch(() => true);
    if (isPolled) continue;
    note(NO_WORKER);
    return;
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
