import { RequestError } from '../core/errors.ts';
import { checkJobId } from '../core/keys.ts';
import type { Ledger } from '../core/ledger.ts';
import type { RecordedArtifact } from './artifacts-records.ts';
import { toRecorded } from './artifacts-records.ts';

export interface ArtifactChoice {
  readonly index?: number;
  /** Of the submission; the newest that has artifacts, where it is not given. */
  readonly number?: number;
}

/** Throws `request.invalid` for ids of jobs that the ledger does not know. */
export async function requireJobs(
  ledger: Pick<Ledger, 'job'> | undefined,
  jobIds: readonly string[],
): Promise<void> {
  for (const jobId of jobIds) {
    checkJobId(jobId);
    if ((await ledger?.job(jobId)) === undefined) throw unknownJob(jobId);
  }
}

/** Artifacts of one submission of a job. Throws `request.invalid` where the choice names none. */
export async function chooseArtifacts(
  ledger: Pick<Ledger, 'artifacts' | 'job'> | undefined,
  jobId: string,
  { index, number }: ArtifactChoice,
): Promise<readonly RecordedArtifact[]> {
  checkJobId(jobId);
  const job = await ledger?.job(jobId);
  if (ledger === undefined || job === undefined) throw unknownJob(jobId);
  const all = (await ledger.artifacts(jobId)).map((artifact) => toRecorded(job, artifact));
  if (all.length === 0) {
    throw new RequestError(
      'request.invalid',
      `job ${jobId} has no stored artifact; \`pollux jobs show ${jobId}\` tells where it stands`,
    );
  }
  const wanted = number ?? Math.max(...all.map((artifact) => artifact.number));
  const chosen = all.filter(
    (artifact) => artifact.number === wanted && (index === undefined || artifact.index === index),
  );
  if (chosen.length > 0) return chosen;
  const known = all.map((artifact) => `${artifact.number}/${artifact.index}`).join(', ');
  throw new RequestError(
    'request.invalid',
    `job ${jobId} has no such artifact; there are (submission/index): ${known}`,
  );
}

function unknownJob(jobId: string): RequestError {
  return new RequestError(
    'request.invalid',
    `job ${jobId} is not in the ledger; \`pollux artifacts list\` shows what is stored`,
  );
}
