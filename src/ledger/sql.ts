import { isMediaJobError } from '../core/errors.ts';
import type { Admission, Ledger, OpenJobRequest } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { PLAIN } from '../core/sealer.ts';
import { openJob } from './admission.ts';
import { arm, maySend } from './arming.ts';
import { readArtifacts, recordArtifact } from './artifacts.ts';
import { createBatchBook } from './batch-book.ts';
import { closeJob } from './closing.ts';
import { adjustCost, recordCost } from './costs.ts';
import { findWrongSums } from './daily-check.ts';
import { readDecisions } from './decisions.ts';
import { readDiscrepancies, recordDiscrepancy } from './discrepancies.ts';
import { createDurationBook } from './durations.ts';
import type { LedgerPlace } from './location.ts';
import { toLedgerPlace } from './location.ts';
import { migrate } from './migrate.ts';
import { createMoneyBook } from './money-book.ts';
import { readOrphans, recordOrphan } from './orphans.ts';
import { recordOutcome } from './outcomes.ts';
import { countPlacesTaken } from './places.ts';
import { postgresErrors } from './postgres-errors.ts';
import {
  readAllSubmissions,
  readJob,
  readJobEntries,
  readJobs,
  readSubmissions,
} from './readings.ts';
import { readNewestTaskId, readOwners, readUndecided } from './realms.ts';
import { resolveSubmission } from './resolving.ts';
import { toKey } from './rows.ts';
import type { Session, SessionOptions } from './session.ts';
import { openSession } from './session.ts';
import { settleSubmission } from './settling.ts';
import { sqliteErrors } from './sqlite-errors.ts';
import { openSqlite } from './sqlite.ts';
import { readStoredRows } from './stored-rows.ts';
import { APPEND_ONLY } from './tables.ts';
import { readTotals } from './totals.ts';
import { removeWaiter } from './waiters.ts';

export interface SqlLedgerOptions {
  /**
   * `sqlite:PATH`, relative to the working directory: the file and its folder are made if they are new. Or
   * `postgres://user@host:5432/database`, with the parameters that the package `pg` knows; the database must exist.
   */
  readonly url: string;
  /**
   * How long a member waits for a lock that another process holds, or for a server that does not answer, before
   * `ledger.unavailable`. Default 5000 ms.
   */
  readonly lockWaitMs?: number;
  /** Keeps inputs, operations, snapshots, evidence, errors and results unreadable at rest. Default: they lie in clear. */
  readonly sealer?: Sealer;
}

const DEFAULT_LOCK_WAIT_MS = 5_000;

/**
 * Opens the ledger and brings its tables to this release. Several processes may have it open at once, on SQLite those of
 * one host. Throws `config.invalid` for a URL, a file system or a release it cannot work with, `ledger.unavailable` for a
 * database that cannot be reached.
 *
 * @example
 * const ledger = await createSqlLedger({ url: 'sqlite:.pollux/ledger.db' });
 */
export async function createSqlLedger(options: SqlLedgerOptions): Promise<Ledger> {
  const lockWaitMs = options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS;
  const database = await findDatabase(toLedgerPlace(options.url), lockWaitMs);
  const session = await openSession({ lockWaitMs, prepare: migrate, ...database });
  return createLedger(session, options.sealer ?? PLAIN);
}

export async function findDatabase(
  place: LedgerPlace,
  lockWaitMs: number,
): Promise<Pick<SessionOptions, 'errors' | 'open'>> {
  if (place.kind === 'sqlite') {
    return { errors: sqliteErrors, open: () => openSqlite(place.path) };
  }
  // The client library takes longer to load than most commands take to run.
  const { openPostgres } = await import('./postgres.ts');
  return {
    errors: postgresErrors,
    open: (patienceMs) => openPostgres(place.url, { lockWaitMs, patienceMs }),
  };
}

function createLedger(session: Session, sealer: Sealer): Ledger {
  const { read, write } = session;
  return {
    ...createMoneyBook(session),
    ...createDurationBook(session),
    ...createBatchBook(session),
    openJob: (request) => openOrForget(session, sealer, request),
    arm: (submission, facts) =>
      write((transaction) => arm(transaction, sealer, toKey(submission), facts)),
    maySend: (submission, worker) =>
      read((database) => maySend(database, toKey(submission), worker)),
    recordOutcome: (submission, outcome, at) =>
      write((transaction) => recordOutcome(transaction, sealer, toKey(submission), outcome, at)),
    settleSubmission: (submission, at) =>
      write((transaction) => settleSubmission(transaction, sealer, toKey(submission), at)),
    resolveSubmission: (submission, resolution, decision, at) =>
      write((transaction) =>
        resolveSubmission(transaction, sealer, toKey(submission), resolution, decision, at),
      ),
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
    recordOrphan: (orphan, at) => write((transaction) => recordOrphan(transaction, orphan, at)),
    closeJob: (jobId, result, at) =>
      write((transaction) => closeJob(transaction, sealer, jobId, result, at)),

    job: (jobId) => read((database) => readJob(database, sealer, jobId)),
    jobs: (filter) => read((database) => readJobs(database, sealer, filter)),
    submissions: (jobId) => read((database) => readSubmissions(database, sealer, jobId)),
    entries: (jobId) => read((database) => readJobEntries(database, jobId)),
    artifacts: (jobId) => read((database) => readArtifacts(database, jobId)),
    totals: (filter) => read((database) => readTotals(database, filter)),
    placesTaken: (account) => read((database) => countPlacesTaken(database, account)),
    newestTaskId: (realm) => read((database) => readNewestTaskId(database, realm)),
    undecided: (realm, model, since) =>
      read((database) => readUndecided(database, sealer, realm, model, since)),
    ownersOf: (realm, taskIds) => read((database) => readOwners(database, realm, taskIds)),
    allSubmissions: (filter) => read((database) => readAllSubmissions(database, sealer, filter)),
    orphans: (realm) => read((database) => readOrphans(database, realm)),
    decisions: (jobId) => read((database) => readDecisions(database, jobId)),
    discrepancies: (jobId) => read((database) => readDiscrepancies(database, jobId)),
    check: () => check(session),
    rows: () => readStoredRows(session),
    close: session.close,
  };
}

/** The transaction of a job that is refused leaves no trace; one that had waited waits no longer. */
async function openOrForget(
  { write }: Session,
  sealer: Sealer,
  request: OpenJobRequest,
): Promise<Admission> {
  try {
    return await write((transaction) => openJob(transaction, sealer, request));
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'request.over_budget') {
      await write((transaction) => removeWaiter(transaction, request.jobId));
    }
    throw error;
  }
}

/** A database that is damaged may not be able to tell more than that. */
async function check(session: Session): Promise<readonly string[]> {
  const damage = [...(await session.check(APPEND_ONLY))];
  try {
    for await (const line of session.snapshot(findWrongSums)) damage.push(line);
  } catch (error) {
    if (damage.length === 0) throw error;
  }
  return damage;
}
