import { RequestError } from '../core/errors.ts';
import type { JobInput } from '../core/job.ts';
import type { OpenJobRequest } from '../core/ledger.ts';
import type { ActivityPorts } from './ports.ts';

/**
 * What the ledger must know to run an ended job again. From `store`, the job takes up the task that it has paid for,
 * so nothing is bought. Throws `request.invalid` where there is none.
 */
export async function toRerun(
  { ledger }: ActivityPorts,
  jobId: string,
  { rerun }: JobInput,
): Promise<Pick<OpenJobRequest, 'rerun' | 'adopt'>> {
  if (rerun === undefined) return {};
  const { id, author, reason, from } = rerun;
  const decision = { rerun: { id, author, reason } };
  if (from === 'submit') return decision;
  const submissions = await ledger.submissions(jobId);
  const paid = [...submissions].reverse().find(({ state }) => state === 'accepted');
  const { taskId, operation, keyId } = paid ?? {};
  if (!taskId || !operation || keyId === undefined || keyId === null) {
    throw new RequestError(
      'request.invalid',
      `job ${jobId} has no task whose files could be fetched again; run it again from its submission`,
    );
  }
  const snapshot = { status: 'running', providerStatus: 'taken up again' } as const;
  return { ...decision, adopt: { taskId, operation, snapshot, keyId } };
}
