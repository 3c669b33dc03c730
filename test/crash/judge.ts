import type { LogEntry } from '../../simulator/index.ts';
import type { EntryRecord, Ledger, OrphanRecord, SubmissionRecord } from '../../src/core/ledger.ts';
import { JOB } from './world.ts';
import type { World } from './world.ts';

/** What stands in the ledger about the job, and how it fits the provider's book. */
export interface Verdict {
  /** Creates that the provider accepted. */
  readonly creates: number;
  /** State of each submission, in order. */
  readonly states: readonly string[];
  /** One line per broken promise. */
  readonly violations: readonly string[];
}

interface Books {
  readonly creates: readonly LogEntry[];
  readonly rows: readonly SubmissionRecord[];
  readonly entries: readonly EntryRecord[];
  readonly orphans: readonly OrphanRecord[];
  readonly resubmits: number;
}

/** Holds the ledger against the provider's own book. The provider is right. */
export async function judge(world: World, jobId: string = JOB): Promise<Verdict> {
  const books = await world.look((ledger) => readBooks(ledger, jobId, world.creates(jobId)));
  const temporaries = await world.temporaries();
  return {
    creates: books.creates.length,
    states: books.rows.map(({ state }) => state),
    violations: [
      ...judgeCreates(books),
      ...books.rows.flatMap((row) => judgeRow(row, books)),
      ...books.rows.flatMap((row) => judgeMoney(row, books)),
      ...temporaries.map((name) => `a temporary file is left: ${name}`),
    ],
  };
}

async function readBooks(
  ledger: Ledger,
  jobId: string,
  creates: readonly LogEntry[],
): Promise<Books> {
  const [rows, entries, orphans, decisions] = await Promise.all([
    ledger.submissions(jobId),
    ledger.entries(jobId),
    ledger.orphans(),
    ledger.decisions(jobId),
  ]);
  const resubmits = decisions.filter(({ kind }) => kind === 'resubmit').length;
  return { creates, rows, entries, orphans, resubmits };
}

/** Never bought twice, never lost. */
function judgeCreates({ creates, rows, orphans, resubmits }: Books): readonly string[] {
  const found: string[] = [];
  if (creates.length > 1 + resubmits) found.push(`${creates.length} accepted creates`);
  const isUndecided = rows.some(({ state }) => state === 'armed' || state === 'unknown');
  for (const { taskId = '' } of creates) {
    const isHeld = rows.some((row) => row.taskId === taskId);
    const isOrphan = orphans.some((orphan) => orphan.taskId === taskId);
    if (!isHeld && !isOrphan && !isUndecided) found.push(`create ${taskId} is lost`);
  }
  return found;
}

function judgeRow({ state, taskId, number }: SubmissionRecord, { creates }: Books): string[] {
  const isBought = creates.some((create) => create.taskId === taskId);
  if (state === 'accepted' && !isBought) return [`submission ${number} holds ${String(taskId)}`];
  if (state === 'admitted' || state === 'armed') return [`submission ${number} is still ${state}`];
  return [];
}

/** Kinds of the entries of a submission, in order, by its state; what was given back by a proof is `rejected`. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  accepted: ['reserve', 'reserve charge', 'reserve unknown', 'reserve unknown charge'],
  unknown: ['reserve unknown'],
  rejected: ['reserve', 'reserve unknown'],
  'rejected, ended': ['reserve release', 'reserve unknown release'],
};

/** What may be owed is on the book, once. */
function judgeMoney(
  { state, number, endedAt }: SubmissionRecord,
  { entries }: Books,
): readonly string[] {
  const own = entries.filter((entry) => entry.number === number);
  const kinds = own.map(({ kind }) => kind).join(' ');
  const standing = state === 'rejected' && endedAt !== null ? `${state}, ended` : state;
  const isExpected = EXPECTED[standing]?.includes(kinds) ?? true;
  return isExpected ? [] : [`submission ${number} is ${standing} with entries: ${kinds}`];
}
