import { existsSync } from 'node:fs';
import type { PolluxClient } from '../client.ts';
import type { Config } from '../config.ts';
import type { JobState } from '../core/job.ts';
import { splitModel } from '../core/keys.ts';
import type { Ledger } from '../core/ledger.ts';
import type { Installation } from '../installation.ts';
import type { TemporalAccess } from '../runtime/connection.ts';
import type { CommandHost } from './host.ts';
import { readRecordedState } from './recorded-state.ts';

/** What a command that talks to Temporal works with. */
export interface Session {
  readonly installation: Installation;
  readonly access: TemporalAccess;
  readonly client: PolluxClient;
  close(): Promise<void>;
}

export async function loadInstallation(host: CommandHost): Promise<Installation> {
  const config = await host.loadConfig();
  const { createInstallation } = await import('../installation.ts');
  return createInstallation(config);
}

/** Throws `temporal.unavailable` within five seconds. */
export async function openSession(installation: Installation): Promise<Session> {
  const [{ connectTemporal }, { createClient }, { parseMediaRequest }] = await Promise.all([
    import('../runtime/connection.ts'),
    import('../client.ts'),
    import('../schema/request.ts'),
  ]);
  const access = await connectTemporal(installation.config);
  const client = createClient({
    temporal: access.temporal,
    accounts: installation.accounts,
    parseRequest: parseMediaRequest,
  });
  return { installation, access, client, close: () => access.close() };
}

/** Runs `work` with a session and closes it whatever happens. */
export async function withSession<Result>(
  installation: Installation,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await openSession(installation);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Opens the ledger for reading; `undefined` where there is no file of it yet. The caller closes it. `ledger.unavailable`. */
export async function openExistingLedger(installation: Installation): Promise<Ledger | undefined> {
  const location = installation.config.ledger;
  if (location.kind === 'sqlite' && !existsSync(location.path)) return undefined;
  return await installation.openLedger();
}

/** What the ledger says of a job that Temporal does not know; `undefined` where there is no ledger or no such job. */
export async function readFromLedger(
  installation: Installation,
  jobId: string,
): Promise<JobState | undefined> {
  const ledger = await openExistingLedger(installation);
  try {
    return ledger === undefined ? undefined : await readRecordedState(ledger, jobId);
  } finally {
    await ledger?.close();
  }
}

/**
 * Names that Temporal cannot tell yet: while no worker answers, and before a job has opened. The configuration knows the
 * provider, and the request that was just started its account and model.
 */
export function completeState(config: Config, state: JobState, requestModel = ''): JobState {
  const asked = splitModel(requestModel);
  const account = state.account || (asked?.account ?? '');
  return {
    ...state,
    account,
    provider: state.provider || (config.accounts.get(account)?.provider ?? ''),
    model: state.model || (asked?.model ?? ''),
  };
}
