import { LedgerError } from '../../../src/core/errors.ts';
import type { JobResult } from '../../../src/core/job.ts';
import { isEndStatus } from '../../../src/core/job.ts';
import type { Artifact } from '../../../src/core/job.ts';
import type { Ledger, NewOrphan, SubmissionId } from '../../../src/core/ledger.ts';
import * as batches from './batches.ts';
import { Book, conflict, idOf } from './book.ts';
import * as money from './money-book.ts';
import { adjustCost, closeMoney, recordCost, totalsOf } from './money.ts';
import { recordOutcome } from './outcomes.ts';
import * as readings from './readings.ts';
import { by } from './readings.ts';
import * as statements from './statements.ts';
import * as submitting from './submitting.ts';

export interface MemoryLedger {
  readonly ledger: Ledger;
  /** Its rows, for whoever judges. */
  readonly book: Book;
}

/** The Ledger port in memory: each member is one step that nothing interrupts. It passes the ledger contract suite. */
export function createMemoryLedger(): MemoryLedger {
  const book = new Book();
  let isClosed = false;
  const run = <T>(work: () => T): Promise<T> => {
    try {
      if (isClosed) throw new LedgerError('ledger.unavailable', 'the ledger has been closed');
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const ledger: Ledger = {
    openJob: (request) => run(() => submitting.openJob(book, request)),
    arm: (id, facts) => run(() => submitting.arm(book, id, facts)),
    maySend: (id, worker) => run(() => submitting.maySend(book, id, worker)),
    recordOutcome: (id, outcome, at) => run(() => recordOutcome(book, id, outcome, at)),
    settleSubmission: (id, at) => run(() => submitting.settleSubmission(book, id, at)),
    resolveSubmission: (id, resolution, decision, at) =>
      run(() => submitting.resolveSubmission(book, id, resolution, decision, at)),
    recordCost: (id, cost, at) => run(() => recordCost(book, id, cost, at)),
    adjustCost: (id, quote, at) => run(() => adjustCost(book, id, quote, at)),
    recordArtifact: (id, artifact) => run(() => recordArtifact(book, id, artifact)),
    recordDiscrepancy: ({ kind, facts, ...id }, at) =>
      run(() => book.disagree(id, kind, facts, at)),
    recordOrphan: (orphan, at) => run(() => recordOrphan(book, orphan, at)),
    closeJob: (jobId, result, at) => run(() => closeJob(book, jobId, result, at)),

    pauseAccount: (account, pause) => run(() => money.pauseAccount(book, account, pause)),
    pauses: (at) => run(() => money.pauses(book, at)),
    settleMoney: (id, settlement, decision, at) =>
      run(() => money.settleMoney(book, id, settlement, decision, at)),
    closeMonth: (month, author, at) => run(() => money.closeMonth(book, month, author, at)),
    closedMonths: () => run(() => [...book.monthTotals]),
    summarizeMoney: (filter, dimensions) =>
      run(() => statements.summarizeMoney(book, filter, dimensions)),
    async *allEntries(filter) {
      yield* statements.allEntries(book, filter);
    },
    exportRows: () => refuseRows(),
    importRows: () => run(() => refuseRows()),

    recordDuration: (id, key, observed, at) =>
      run(() => batches.recordDuration(book, id, key, observed, at)),
    durations: (filter, limit) => run(() => batches.durations(book, filter, limit)),
    setBatchBudget: (batch, budget) =>
      run(() => {
        if (budget === null) book.batchBudgets.delete(batch);
        else book.batchBudgets.set(batch, budget);
      }),
    batchBudget: (batch) => run(() => book.batchBudgets.get(batch) ?? null),
    batchFigures: (batch) => run(() => batches.batchFigures(book, batch)),

    job: (jobId) => run(() => book.jobs.get(jobId)),
    jobs: (filter) => run(() => readings.jobs(book, filter)),
    submissions: (jobId) => run(() => book.submissionsOf(jobId)),
    entries: (jobId) => run(() => readings.entries(book, jobId)),
    artifacts: (jobId) =>
      run(() => (book.artifacts.get(jobId) ?? []).map(({ artifact }) => artifact)),
    totals: (filter) =>
      run(() => {
        const passing = book
          .allSubmissions()
          .filter(({ jobId }) => readings.passes(book.requireJob(jobId), filter));
        return totalsOf(passing.map((row) => book.entriesOf(row)));
      }),
    placesTaken: (account) =>
      run(() => readings.allSubmissions(book, { account, isOpen: true }).length),
    newestTaskId: (realm) => run(() => readings.newestTaskId(book, realm)),
    undecided: (realm, model, since) => run(() => readings.undecided(book, realm, model, since)),
    ownersOf: (realm, taskIds) => run(() => ownersOf(book, realm, taskIds)),
    allSubmissions: (filter) => run(() => readings.allSubmissions(book, filter)),
    orphans: (realm) =>
      run(() =>
        [...book.orphans.values()]
          .filter((orphan) => realm === undefined || orphan.realm === realm)
          .sort(
            by(
              (one) => one.firstSeenAt,
              (one) => one.realm,
              (one) => one.taskId,
            ),
          ),
      ),
    decisions: (jobId) =>
      run(() =>
        [...book.decisions.values()]
          .filter((one) => jobId === undefined || one.jobId === jobId)
          .sort(
            by(
              (one) => one.at,
              (one) => one.id,
            ),
          ),
      ),
    discrepancies: (jobId) =>
      run(() =>
        [...book.discrepancies.values()]
          .filter((one) => jobId === undefined || one.jobId === jobId)
          .sort(by((one) => one.at)),
      ),
    check: () => run(() => []),
    async *rows() {
      yield* readings.storedRows(book);
    },
    close: async () => {
      isClosed = true;
    },
  };
  return { ledger, book };
}

/** Its rows lie in no database. */
function refuseRows(): never {
  throw new LedgerError('ledger.conflict', 'the ledger in memory is not exported');
}

function ownersOf(
  book: Book,
  realm: string,
  taskIds: readonly string[],
): ReadonlyMap<string, SubmissionId> {
  const owners = new Map<string, SubmissionId>();
  for (const taskId of taskIds) {
    const owner = book.ownerOf(realm, taskId);
    if (owner !== undefined) owners.set(taskId, idOf(owner));
  }
  return owners;
}

function recordArtifact(book: Book, id: SubmissionId, artifact: Artifact): void {
  book.require(id);
  const recorded = book.artifacts.get(id.jobId) ?? [];
  const known = recorded.find(
    (one) => one.number === id.number && one.artifact.index === artifact.index,
  )?.artifact;
  if (known === undefined) {
    const all = [...recorded, { ...idOf(id), artifact }];
    all.sort(
      (left, right) => left.number - right.number || left.artifact.index - right.artifact.index,
    );
    book.artifacts.set(id.jobId, all);
  } else if (known.sha256 !== artifact.sha256 || known.key !== artifact.key) {
    throw conflict(id, `has artifact ${artifact.index} with other bytes`);
  }
}

function recordOrphan(book: Book, orphan: NewOrphan, firstSeenAt: string): void {
  if (book.ownerOf(orphan.realm, orphan.taskId) !== undefined) return;
  book.putOrphan({ ...orphan, firstSeenAt, submission: null });
}

function closeJob(book: Book, jobId: string, result: JobResult, at: string): JobResult {
  const job = book.requireJob(jobId);
  if (job.result !== null) return job.result;
  if (!isEndStatus(result.status)) {
    throw new LedgerError(
      'ledger.conflict',
      `job ${jobId} cannot be closed with status ${result.status}: that is not an end`,
    );
  }
  for (const row of book.submissionsOf(jobId)) {
    if (row.endedAt !== null) continue;
    closeMoney(book, row, row.state, at);
    book.endSubmission(row, 'closed', at);
  }
  book.putJob({ ...job, endedAt: at, end: result.status, result });
  book.waiters.delete(jobId);
  return result;
}
