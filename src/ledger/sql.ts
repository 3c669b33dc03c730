import type { Ledger } from '../core/ledger.ts';
import { openJob } from './admission.ts';
import { arm, maySend } from './arming.ts';
import { readArtifacts, recordArtifact } from './artifacts.ts';
import { closeJob } from './closing.ts';
import { adjustCost, recordCost } from './costs.ts';
import { recordDiscrepancy } from './discrepancies.ts';
import { toSqlitePath } from './location.ts';
import { migrate } from './migrate.ts';
import { recordOutcome } from './outcomes.ts';
import { countPlacesTaken } from './places.ts';
import { readJob, readJobEntries, readJobs, readSubmissions } from './readings.ts';
import { toKey } from './rows.ts';
import type { Session } from './session.ts';
import { openSession } from './session.ts';
import { settleSubmission } from './settling.ts';
import { openSqlite, sqliteErrors } from './sqlite.ts';
import { readTotals } from './totals.ts';

export interface SqlLedgerOptions {
  /** `sqlite:PATH`, relative to the working directory. The file and its folder are made if they are new. */
  readonly url: string;
  /** How long a member waits for a lock that another process holds before `ledger.unavailable`. Default 5000 ms. */
  readonly lockWaitMs?: number;
}

const DEFAULT_LOCK_WAIT_MS = 5_000;

/**
 * Opens the ledger and brings its tables to this release. Several processes on one host may have it open at once.
 * Throws `config.invalid` for a URL, a file system or a release it cannot work with, `ledger.unavailable` for a
 * database that cannot be reached.
 *
 * @example
 * const ledger = await createSqlLedger({ url: 'sqlite:.pollux/ledger.db' });
 */
export async function createSqlLedger(options: SqlLedgerOptions): Promise<Ledger> {
  const path = toSqlitePath(options.url);
  const session = await openSession({
    lockWaitMs: options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS,
    errors: sqliteErrors,
    open: () => openSqlite(path),
    prepare: migrate,
  });
  return createLedger(session);
}

function createLedger({ read, write, close }: Session): Ledger {
  return {
    openJob: (request) => write((transaction) => openJob(transaction, request)),
    arm: (submission, facts) => write((transaction) => arm(transaction, toKey(submission), facts)),
    maySend: (submission, worker) =>
      read((database) => maySend(database, toKey(submission), worker)),
    recordOutcome: (submission, outcome, at) =>
      write((transaction) => recordOutcome(transaction, toKey(submission), outcome, at)),
    settleSubmission: (submission, at) =>
      write((transaction) => settleSubmission(transaction, toKey(submission), at)),
    recordCost: (submission, cost, at) =>
      write((transaction) => recordCost(transaction, toKey(submission), cost, at)),
    adjustCost: (submission, quote, at) =>
      write((transaction) => adjustCost(transaction, toKey(submission), quote, at)),
    recordArtifact: (submission, artifact, sourceUrlOrigin, at) =>
      write((transaction) =>
        recordArtifact(transaction, toKey(submission), artifact, sourceUrlOrigin, at),
      ),
    recordDiscrepancy: ({ kind, facts, ...submission }, at) =>
      write((transaction) => recordDiscrepancy(transaction, toKey(submission), kind, facts, at)),
    closeJob: (jobId, result, at) =>
      write((transaction) => closeJob(transaction, jobId, result, at)),

    job: (jobId) => read((database) => readJob(database, jobId)),
    jobs: (filter) => read((database) => readJobs(database, filter)),
    submissions: (jobId) => read((database) => readSubmissions(database, jobId)),
    entries: (jobId) => read((database) => readJobEntries(database, jobId)),
    artifacts: (jobId) => read((database) => readArtifacts(database, jobId)),
    totals: (filter) => read((database) => readTotals(database, filter)),
    placesTaken: (account) => read((database) => countPlacesTaken(database, account)),
    close,
  };
}
