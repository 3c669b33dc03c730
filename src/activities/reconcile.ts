import type { AccountEntry } from '../core/accounts.ts';
import { toIsoTime } from '../core/clock.ts';
import type { SubmissionId, SubmissionRecord, TaskSource } from '../core/ledger.ts';
import type { CallContext } from '../core/provider.ts';
import { requireAccount } from './account-of.ts';
import { writeSpooled } from './drain.ts';
import { searchList } from './list-search.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';
import { evidenceOf, outcomeAsRecorded, outcomeOf } from './submission-view.ts';
import type { AcceptedTask, SubmitOutcome } from './submission-view.ts';
import { waitFor } from './wait.ts';

export interface ReconcileStep extends SubmissionId {
  readonly account: string;
  /** What submit's heartbeat left behind when its worker was lost. */
  readonly heartbeat?: AcceptedTask;
  /** The task that a callback named; a reading must confirm it. */
  readonly notifiedTaskId?: string;
  /** How long after the deadline the submission's traces are still expected to surface. */
  readonly settleSeconds: number;
  /** How long after that the provider's list is looked through. */
  readonly listSettleSeconds: number;
  /** How long the provider knows a task: a submission older than this cannot have one any more. */
  readonly taskLifeSeconds: number;
  /** True where something is concluded if nobody can tell: nothing is, before every trace had its time. */
  readonly isPatient: boolean;
}

/** Survives from attempt to attempt as heartbeat details. */
export interface ReconcileProgress {
  /** ISO 8601; since when the door has been closed for a POST: whatever is created comes from before. */
  readonly unknownSince: string;
}

/** What an attempt is told by the server, and tells it. */
export interface ReconcileAttempt {
  readonly previous: ReconcileProgress | undefined;
  readonly heartbeat: (progress: ReconcileProgress) => void;
  readonly signal: AbortSignal;
}

const READ_TIMEOUT_MS = 10_000;
const AFTER_DEADLINE_MS = 250;
const LOOK_AGAIN_MIN_MS = 500;
const LOOK_AGAIN_MAX_MS = 30_000;

/**
 * Settles a submission whose outcome did not reach the workflow. Whoever may know is asked in turn: the ledger, the
 * lost worker's heartbeat, this host's spool, what came of the reply, a callback, the list of an exclusive realm.
 * Nobody can tell: the outcome is `unknown`, with the evidence for an operator.
 *
 * Waits for deadlines and for the list by asking the server to run it again. Creates nothing at the provider.
 * Run twice: both runs return the same outcome. Throws `ledger.unavailable`.
 */
export async function reconcile(
  ports: ActivityPorts,
  step: ReconcileStep,
  attempt: ReconcileAttempt,
): Promise<SubmitOutcome> {
  const { signal } = attempt;
  const now = ports.clock();
  const row = await ports.ledger.settleSubmission(step, toIsoTime(now));
  if (row.state !== 'armed' && row.state !== 'unknown') {
    await noteSecondTask(ports, step, row, signal);
    return outcomeOf(row) ?? { outcome: 'unknown', evidence: evidenceOf(row) };
  }
  if (step.heartbeat !== undefined) {
    return await adopt(ports, row, step.heartbeat, 'heartbeat');
  }
  const spooled = await fromSpool(ports, step);
  if (spooled !== undefined) return spooled;
  if (row.state === 'armed') {
    const message = `submission ${row.number} may still be on its way until ${row.deadlineAt ?? 'now'}`;
    throw waitFor('wait.deadline', message, deadlineMs(row) - now + AFTER_DEADLINE_MS);
  }

  const entry = requireAccount(ports, step.account);
  const salvaged = row.evidence === null ? undefined : entry.provider.salvage?.(row.evidence);
  if (salvaged !== undefined) {
    const snapshot = { status: 'running', providerStatus: 'salvaged' } as const;
    return await adopt(ports, row, { ...salvaged, snapshot }, 'salvage');
  }
  if (step.notifiedTaskId !== undefined) {
    const confirmed = await confirm(ports, entry, row, step.notifiedTaskId, signal);
    if (confirmed !== undefined) return await adopt(ports, row, confirmed, 'callback');
  }
  const isGivenUp = row.endedAt !== null;
  if (isGivenUp) return { outcome: 'unknown', evidence: evidenceOf(row) };
  const unknownSince = attempt.previous?.unknownSince ?? toIsoTime(now);
  attempt.heartbeat({ unknownSince });
  return await askTheList(ports, step, entry, row, Date.parse(unknownSince), signal);
}

/** A callback that names another task than the submission's own tells of one that nobody owns: the ledger keeps it. */
async function noteSecondTask(
  ports: ActivityPorts,
  step: ReconcileStep,
  row: SubmissionRecord,
  signal: AbortSignal,
): Promise<void> {
  const { notifiedTaskId } = step;
  if (notifiedTaskId === undefined || notifiedTaskId === row.taskId) return;
  const task = await confirm(
    ports,
    requireAccount(ports, step.account),
    row,
    notifiedTaskId,
    signal,
  );
  if (task !== undefined) await adopt(ports, row, task, 'callback');
}

async function adopt(
  ports: ActivityPorts,
  row: SubmissionRecord,
  task: AcceptedTask,
  source: TaskSource,
): Promise<SubmitOutcome> {
  const { jobId, number } = row;
  const record = { outcome: 'accepted', ...task, source } as const;
  const at = toIsoTime(ports.clock());
  const recorded = await ports.ledger.recordOutcome({ jobId, number }, record, at);
  return outcomeAsRecorded(recorded, { outcome: 'accepted', ...task }, ANOTHER_IS_CURRENT);
}

const ANOTHER_IS_CURRENT = 'another submission of the job is current; the task is in the orphans';

/** The record of this submission, if this host's disk holds one. */
async function fromSpool(
  ports: ActivityPorts,
  { jobId, number }: SubmissionId,
): Promise<SubmitOutcome | undefined> {
  const records = await ports.spool.records().catch(() => {
    ports.logger.error('the spool cannot be read; what it holds waits for a later drain', {
      jobId,
    });
    return [];
  });
  const spooled = records.find(({ record }) => record.jobId === jobId && record.number === number);
  if (spooled === undefined) return undefined;
  await writeSpooled(ports, spooled);
  const row = await ports.ledger.settleSubmission({ jobId, number }, toIsoTime(ports.clock()));
  return row.state === 'accepted' || row.state === 'rejected' ? outcomeOf(row) : undefined;
}

/** One reading with the submission's own key; `undefined` where that does not show the task. */
async function confirm(
  ports: ActivityPorts,
  { account, provider }: AccountEntry,
  row: SubmissionRecord,
  taskId: string,
  signal: AbortSignal,
): Promise<AcceptedTask | undefined> {
  if (row.keyId !== null && row.keyId !== account.keyId) return undefined;
  const operation = provider.operationOf(taskId, { model: row.model });
  const context = { ...toContext(ports, signal), apiKey: account.apiKey };
  const reading = await provider.read(operation, context);
  if (reading.outcome !== 'read') return undefined;
  const { model = row.model } = reading.snapshot;
  if (model !== row.model) return undefined;
  const snapshot = await stageInline(ports, row.jobId, row.number, reading.snapshot);
  return { taskId, operation, snapshot };
}

function toContext(ports: ActivityPorts, signal: AbortSignal): Omit<CallContext, 'apiKey'> {
  return { signal, timeoutMs: READ_TIMEOUT_MS, logger: ports.logger };
}

/**
 * The list of an exclusive realm may tell; of any other realm it is evidence for a person. It is looked through again and
 * again until its time is over.
 */
async function askTheList(
  ports: ActivityPorts,
  step: ReconcileStep,
  entry: AccountEntry,
  row: SubmissionRecord,
  unknownSinceMs: number,
  signal: AbortSignal,
): Promise<SubmitOutcome> {
  const settledMs = deadlineMs(row) + step.settleSeconds * 1000;
  const canTell = entry.account.exclusive && entry.provider.list !== undefined;
  if ((canTell || step.isPatient) && ports.clock() < settledMs) {
    const message = `traces of submission ${row.number} are expected until ${toIsoTime(settledMs)}`;
    throw waitFor('wait.deadline', message, settledMs - ports.clock());
  }
  const context = { ...toContext(ports, signal), apiKey: entry.account.apiKey };
  const { taskLifeSeconds } = step;
  const facts = { row, taskLifeSeconds, unknownSinceMs };
  const search = await searchList(ports, entry, facts, context);
  switch (search.kind) {
    case 'found': {
      const confirmed = await confirm(ports, entry, row, search.taskId, signal);
      if (confirmed !== undefined) return await adopt(ports, row, confirmed, 'list');
      break;
    }
    case 'absent':
      return await proveAbsent(ports, row);
    case 'undecided':
      break;
  }
  const endsMs = settledMs + step.listSettleSeconds * 1000;
  const leftMs = endsMs - ports.clock();
  if (leftMs > 0 && (canTell || (step.isPatient && entry.provider.list !== undefined))) {
    const message = `submission ${row.number} is not decided (${search.reason}); the list is read again until ${toIsoTime(endsMs)}`;
    const sinceMs = ports.clock() - settledMs;
    const delayMs = Math.min(LOOK_AGAIN_MAX_MS, Math.max(LOOK_AGAIN_MIN_MS, sinceMs / 4));
    throw waitFor('wait.list', message, Math.min(delayMs, leftMs));
  }
  return { outcome: 'unknown', evidence: { ...evidenceOf(row), ...search.evidence } };
}

async function proveAbsent(ports: ActivityPorts, row: SubmissionRecord): Promise<SubmitOutcome> {
  const { jobId, number } = row;
  const outcome = {
    outcome: 'rejected',
    error: {
      code: 'provider.unavailable',
      message: `submission ${number} was not accepted: it is not in the provider's list, which shows every task by now`,
      details: { reason: 'proved_absent' },
    },
  } as const;
  const at = toIsoTime(ports.clock());
  const recorded = await ports.ledger.recordOutcome(
    { jobId, number },
    { ...outcome, final: false },
    at,
  );
  return outcomeAsRecorded(recorded, outcome, ANOTHER_IS_CURRENT);
}

function deadlineMs(row: SubmissionRecord): number {
  return Date.parse(row.deadlineAt ?? row.createdAt);
}
