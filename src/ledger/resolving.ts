import type { DecisionRecord } from '../core/job.ts';
import type { RecordedResolution, ResolutionRecord } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { giveTask, isCurrent } from './claims.ts';
import { isDecided, recordDecision } from './decisions.ts';
import type { SubmissionKey } from './rows.ts';
import { toSubmissionId, toSubmissionRecord } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { findTaskOwner, requireJob, requireSubmission } from './submissions.ts';

const RECORDED: RecordedResolution = { kind: 'recorded' };

/** Writes an operator's decision about an unknown submission. Run twice: the second run finds the decision. */
export async function resolveSubmission(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  resolution: ResolutionRecord,
  decision: DecisionRecord,
  at: string,
): Promise<RecordedResolution> {
  if (await isDecided(transaction, key.jobId, resolution.kind, decision)) return RECORDED;
  const job = await requireJob(transaction, key.jobId);
  const row = await requireSubmission(transaction, key);
  if (row.state !== 'unknown' || !isCurrent(job, row)) {
    return { kind: 'refused', submission: toSubmissionRecord(row, sealer) };
  }
  if (resolution.kind === 'adopt') {
    const holder = await findTaskOwner(transaction, row.realm, resolution.taskId);
    if (holder !== undefined) return { kind: 'taken', owner: toSubmissionId(holder) };
    await giveTask(transaction, sealer, row, { ...resolution, source: 'operator' });
  }
  await recordDecision(transaction, key, resolution.kind, decision, at);
  return RECORDED;
}
