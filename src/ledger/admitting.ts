import type { Admission, OpenJobRequest, SubmissionState } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { refuseOverBudget } from './budgets.ts';
import { writeEntry } from './entries.ts';
import { removeOrphan } from './orphans.ts';
import { findLackOfPlace } from './places.ts';
import { findPause } from './pauses.ts';
import { toSealedJson, toSubmissionRecord } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { findNextNumber, insertSubmission, requireSubmission } from './submissions.ts';
import type { JobRow, SubmissionRow } from './tables.ts';

/** A request to open a job, in its transaction, with the job's row as it was found. */
export interface Opening {
  readonly transaction: LedgerTransaction;
  readonly sealer: Sealer;
  readonly job: JobRow;
  readonly request: OpenJobRequest;
}

export async function admitIfPlace(opening: Opening): Promise<Admission> {
  return (await findObstacle(opening)) ?? (await admit(opening));
}

/** Why nothing can be admitted for now. An adopted task has been submitted already, and runs. */
export async function findObstacle(opening: Opening): Promise<Admission | undefined> {
  const { transaction, job, request } = opening;
  return (await findPauseOf(opening)) ?? findLackOfPlace(transaction, job, request);
}

/** A pause of the job's account. */
export async function findPauseOf(opening: Opening): Promise<Admission | undefined> {
  const { transaction, job, request } = opening;
  if (request.adopt !== undefined) return undefined;
  return findPause(transaction, job.account, request.at);
}

/** Writes the submission after the last one, with its reservation. Throws `request.over_budget`. */
export async function admit({ transaction, sealer, job, request }: Opening): Promise<Admission> {
  if (request.adopt === undefined) await refuseOverBudget(transaction, job, request);
  const key = { jobId: job.job_id, number: await findNextNumber(transaction, job.job_id) };
  await insertSubmission(transaction, job, key.number, {
    ...toAdoptedColumns(sealer, request.adopt),
    created_at: request.at,
  });
  await transaction
    .updateTable('jobs')
    .set({ current_number: key.number })
    .where('job_id', '=', key.jobId)
    .execute();
  if (request.quote !== null) {
    await writeEntry(transaction, key, 'reserve', request.quote, request.at);
  }
  if (request.adopt !== undefined) {
    await removeOrphan(transaction, job.realm, request.adopt.taskId);
  }
  return toAdmission(await requireSubmission(transaction, key), sealer);
}

function toAdoptedColumns(sealer: Sealer, adopt: OpenJobRequest['adopt']) {
  const state: SubmissionState = adopt === undefined ? 'admitted' : 'accepted';
  if (adopt === undefined) return { state };
  return {
    state,
    task_id: adopt.taskId,
    source: 'input',
    operation: toSealedJson(sealer, adopt.operation),
    snapshot: toSealedJson(sealer, adopt.snapshot),
    key_id: adopt.keyId,
  };
}

export function toAdmission(row: SubmissionRow, sealer: Sealer): Admission {
  const kind = row.state === 'admitted' && row.ended_at === null ? 'admitted' : 'resumed';
  return { kind, submission: toSubmissionRecord(row, sealer) };
}
