import { isFirstHand } from '../../../src/core/ledger.ts';
import type {
  OutcomeRecord,
  RecordedOutcome,
  SubmissionId,
  SubmissionRecord,
} from '../../../src/core/ledger.ts';
import type { Book } from './book.ts';
import { idOf, TASK_CLAIMED_BY_REPLY } from './book.ts';
import { bookUnknown, cancelCharge, release } from './money.ts';

const RECORDED: RecordedOutcome = { kind: 'recorded' };

type Outcome<Name extends OutcomeRecord['outcome']> = Extract<OutcomeRecord, { outcome: Name }>;

const isUndecided = ({ state }: SubmissionRecord): boolean =>
  state === 'admitted' || state === 'armed' || state === 'unknown';
const isHeldFirstHand = ({ source }: SubmissionRecord): boolean =>
  source !== null && isFirstHand(source);

export function recordOutcome(
  book: Book,
  id: SubmissionId,
  outcome: OutcomeRecord,
  at: string,
): RecordedOutcome {
  switch (outcome.outcome) {
    case 'accepted':
      return recordAccepted(book, id, outcome, at);
    case 'rejected':
      return recordRejected(book, id, outcome, at);
    case 'unknown':
      return recordUnknown(book, id, outcome, at);
  }
}

function recordAccepted(
  book: Book,
  id: SubmissionId,
  { taskId, source, operation, snapshot }: Outcome<'accepted'>,
  at: string,
): RecordedOutcome {
  const job = book.requireJob(id.jobId);
  const row = book.find(id);
  if (row?.state === 'accepted' && row.taskId === taskId) {
    const outranks = isFirstHand(source) && !isHeldFirstHand(row);
    return { kind: 'kept', submission: outranks ? book.change(id, { source }) : row };
  }
  const holder = book.ownerOf(job.realm, taskId);
  const mayHold = row !== undefined && isUndecided(row) && book.isCurrent(row);
  if (holder !== undefined) {
    if (!mayHold || !isFirstHand(source) || isHeldFirstHand(holder)) {
      return { kind: 'taken', owner: idOf(holder) };
    }
    takeFrom(book, holder, id, at);
  }
  if (!mayHold) {
    recordLateTask(book, id, taskId, at);
    return { kind: 'orphaned' };
  }
  book.change(id, { state: 'accepted', taskId, source, operation, snapshot });
  book.removeOrphan(job.realm, taskId);
  return RECORDED;
}

function takeFrom(book: Book, holder: SubmissionRecord, owner: SubmissionId, at: string): void {
  const nothing = { taskId: null, source: null, operation: null, snapshot: null };
  book.change(holder, { state: 'unknown', ...nothing });
  const facts = { taskId: holder.taskId, ownerJobId: owner.jobId, ownerNumber: owner.number };
  book.disagree(holder, TASK_CLAIMED_BY_REPLY, facts, at);
  bookUnknown(book, holder, at);
  const basis = `its task belongs to submission ${owner.number} of job ${owner.jobId}`;
  cancelCharge(book, holder, basis, at);
}

function recordLateTask(book: Book, id: SubmissionId, taskId: string, firstSeenAt: string): void {
  const { realm, account, model } = book.requireJob(id.jobId);
  const reserved = book.entriesOf(id).find(({ kind }) => kind === 'reserve');
  const estimate =
    reserved === undefined ? null : { currency: reserved.currency, micros: reserved.micros };
  book.putOrphan({ realm, taskId, account, model, estimate, firstSeenAt, submission: idOf(id) });
}

function recordRejected(
  book: Book,
  id: SubmissionId,
  { error, final, armingId }: Outcome<'rejected'>,
  at: string,
): RecordedOutcome {
  const row = book.require(id);
  const armedBy = book.armingOf(id);
  const isOfAnother = armingId !== undefined && armedBy !== undefined && armedBy !== armingId;
  if (!isUndecided(row) || isOfAnother) return { kind: 'kept', submission: row };
  book.change(id, { state: 'rejected', error });
  if (final || row.endedAt !== null) {
    release(book, id, at);
    book.endSubmission(id, 'rejected', at);
  }
  return RECORDED;
}

function recordUnknown(
  book: Book,
  id: SubmissionId,
  { evidence }: Outcome<'unknown'>,
  at: string,
): RecordedOutcome {
  const row = book.require(id);
  if (!isUndecided(row) || row.evidence !== null) return { kind: 'kept', submission: row };
  book.change(id, { state: 'unknown', evidence });
  bookUnknown(book, id, at);
  return RECORDED;
}
