import type { BatchHandle, PolluxBatches } from '../client/batches-types.ts';
import { checkBatchId } from '../core/keys.ts';
import type { CommandHost } from './host.ts';
import { loadInstallation, withSession } from './session.ts';
import type { Session } from './session.ts';

/** The batches of the installation that a session is about. */
export async function openBatches({ access, installation }: Session): Promise<PolluxBatches> {
  const [{ createBatches }, { parseMediaRequest }] = await Promise.all([
    import('../client/batches.ts'),
    import('../schema/request.ts'),
  ]);
  return createBatches({
    temporal: access.temporal,
    accounts: installation.accounts,
    parseRequest: parseMediaRequest,
    ...installation.openBatchStorage(),
  });
}

/** Runs `work` on a batch, which may be unknown. Throws `request.invalid` for what is no id, `temporal.unavailable`. */
export async function withBatch<Result>(
  host: CommandHost,
  id: string,
  work: (batch: BatchHandle, session: Session) => Promise<Result>,
): Promise<Result> {
  checkBatchId(id, 'batch');
  return await withSession(await loadInstallation(host), async (session) =>
    work((await openBatches(session)).get(id), session),
  );
}

/** The same for a verb that a worker carries out. Throws `temporal.unavailable` where no worker would take the request, too. */
export async function actOnBatch(
  host: CommandHost,
  id: string,
  verb: (batch: BatchHandle) => Promise<void>,
): Promise<void> {
  await withBatch(host, id, async (batch, { access }) => {
    const { requireWorker } = await import('./workers.ts');
    await requireWorker(access);
    await verb(batch);
  });
}
