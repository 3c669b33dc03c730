import { userInfo } from 'node:os';
import type { JobHandle } from '../client.ts';
import { RequestError } from '../core/errors.ts';
import { isEndStatus } from '../core/job.ts';
import { checkJobId } from '../core/keys.ts';
import type { CommandHost } from './host.ts';
import { loadInstallation, withSession } from './session.ts';

/**
 * Runs a verb on an open job that a worker looks after. Throws `request.invalid` for a job that has ended, naming what
 * was to be `done`, and `temporal.unavailable` where no worker would take the request.
 */
export async function act(
  host: CommandHost,
  jobId: string,
  done: string,
  verb: (job: JobHandle) => Promise<void>,
): Promise<void> {
  checkJobId(jobId);
  const installation = await loadInstallation(host);
  await withSession(installation, async ({ client, access }) => {
    const job = client.job(jobId);
    const { requireWorker } = await import('./workers.ts');
    const { status } = await job.state();
    if (isEndStatus(status)) {
      throw new RequestError(
        'request.invalid',
        `job ${jobId} has ended (${status}); it cannot be ${done}`,
      );
    }
    await requireWorker(access);
    await verb(job);
  });
}

/** Who runs the command, for the record. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return 'unknown';
  }
}
