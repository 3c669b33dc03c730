import type {
  EntryKind,
  EntryRecord,
  JobFilter,
  JobRecord,
  StoredRow,
  SubmissionFilter,
  SubmissionRecord,
} from '../../../src/core/ledger.ts';
import type { Book } from './book.ts';

const KIND_ORDER: Readonly<Record<EntryKind, number>> = {
  reserve: 0,
  unknown: 1,
  charge: 2,
  release: 2,
  adjust: 3,
};

/** Sorts by texts, the first that differs deciding. */
export function by<T>(...keys: readonly ((item: T) => string)[]): (left: T, right: T) => number {
  return (left, right) => {
    for (const key of keys) {
      const [one, other] = [key(left), key(right)];
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  };
}

export function passes(job: JobRecord, filter: JobFilter): boolean {
  const { jobIds, account, tenant, batch, status } = filter;
  if (jobIds !== undefined && !jobIds.includes(job.jobId)) return false;
  if (account !== undefined && job.account !== account) return false;
  if (tenant !== undefined && job.tenant !== tenant) return false;
  if (batch !== undefined && job.batch !== batch) return false;
  return status === undefined || (status === 'open' ? job.end === null : job.end === status);
}

export function jobs(book: Book, filter: JobFilter): readonly JobRecord[] {
  return [...book.jobs.values()]
    .filter((job) => passes(job, filter))
    .sort(
      by(
        (job) => job.createdAt,
        (job) => job.jobId,
      ),
    )
    .reverse()
    .slice(0, filter.limit);
}

export function entries(book: Book, jobId: string): readonly EntryRecord[] {
  return book
    .submissionsOf(jobId)
    .flatMap((row) =>
      [...book.entriesOf(row)].sort(
        (left, right) =>
          KIND_ORDER[left.kind] - KIND_ORDER[right.kind] || left.sequence - right.sequence,
      ),
    );
}

export function allSubmissions(book: Book, filter: SubmissionFilter): readonly SubmissionRecord[] {
  const { isOpen, states, account } = filter;
  return book
    .allSubmissions()
    .filter(
      (row) =>
        (isOpen === undefined || (row.endedAt === null) === isOpen) &&
        (states === undefined || states.includes(row.state)) &&
        (account === undefined || row.account === account),
    )
    .sort(
      by(
        (row) => row.createdAt,
        (row) => row.jobId,
        (row) => String(row.number).padStart(9, '0'),
      ),
    );
}

/** In the order in which they were armed. */
function armedIn(book: Book, realm: string): readonly (SubmissionRecord & { armedAt: string })[] {
  return book
    .allSubmissions()
    .filter(
      (row): row is SubmissionRecord & { armedAt: string } =>
        row.realm === realm && row.armedAt !== null,
    )
    .sort(
      by(
        (row) => row.armedAt,
        (row) => row.jobId,
        (row) => String(row.number).padStart(9, '0'),
      ),
    );
}

export function newestTaskId(book: Book, realm: string): string | null {
  const rows = armedIn(book, realm);
  const isTold = (row: SubmissionRecord): boolean =>
    row.state === 'accepted' &&
    row.taskId?.startsWith('local-') === false &&
    row.source !== 'operator' &&
    row.source !== 'input';
  return (
    rows.findLast(isTold)?.taskId ??
    rows.findLast((row) => row.newestKnownTaskId !== null)?.newestKnownTaskId ??
    null
  );
}

export function undecided(
  book: Book,
  realm: string,
  model: string,
  since: string,
): readonly SubmissionRecord[] {
  return armedIn(book, realm).filter(
    (row) =>
      row.model === model &&
      (row.state === 'armed' || row.state === 'unknown') &&
      row.armedAt > since,
  );
}

export function* storedRows(book: Book): Generator<StoredRow> {
  const row = (table: string, key: string, value: unknown): StoredRow => ({
    table,
    key,
    text: JSON.stringify(value),
  });
  for (const job of book.jobs.values()) yield row('jobs', job.jobId, job);
  for (const one of book.allSubmissions())
    yield row('submissions', `${one.jobId} ${one.number}`, one);
  for (const jobId of book.jobs.keys()) {
    for (const one of entries(book, jobId)) {
      yield row('entries', `${jobId} ${one.number} ${one.kind} ${one.sequence}`, one);
    }
    for (const one of book.artifacts.get(jobId) ?? []) {
      yield row('artifacts', `${jobId} ${one.number} ${one.artifact.index}`, one.artifact);
    }
  }
  for (const [key, one] of book.orphans) yield row('orphans', key, one);
  for (const [key, one] of book.decisions) yield row('decisions', key, one);
  for (const [key, one] of book.discrepancies) yield row('discrepancies', key, one);
}
