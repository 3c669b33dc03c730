import type { Artifact } from '../core/job.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import { requireSubmission, submissionConflict } from './submissions.ts';

/** Run twice: the same bytes change nothing; other bytes at the same place are `ledger.conflict`. */
export async function recordArtifact(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  artifact: Artifact,
  sourceUrlOrigin: string | null,
  at: string,
): Promise<void> {
  await requireSubmission(transaction, key);
  const index = BigInt(artifact.index);
  const known = await transaction
    .selectFrom('artifacts')
    .select(['sha256', 'key'])
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .where('artifact_index', '=', index)
    .executeTakeFirst();
  if (known?.sha256 === artifact.sha256 && known.key === artifact.key) return;
  if (known !== undefined) {
    throw submissionConflict(
      key,
      `has artifact ${index.toString()} with SHA-256 ${known.sha256}; ${artifact.sha256} contradicts it`,
    );
  }
  await transaction
    .insertInto('artifacts')
    .values({
      job_id: key.jobId,
      number: key.number,
      artifact_index: index,
      key: artifact.key,
      size_bytes: BigInt(artifact.sizeBytes),
      sha256: artifact.sha256,
      artifact: JSON.stringify(artifact),
      source_url_origin: sourceUrlOrigin,
      at,
    })
    .execute();
}

export async function readArtifacts(
  database: LedgerDatabase,
  jobId: string,
): Promise<readonly Artifact[]> {
  const rows = await database
    .selectFrom('artifacts')
    .select('artifact')
    .where('job_id', '=', jobId)
    .orderBy('number')
    .orderBy('artifact_index')
    .execute();
  return rows.map((row) => JSON.parse(row.artifact) as Artifact);
}
