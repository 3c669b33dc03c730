import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../../src/cli/child-command.ts';
import { findFreePort } from '../../../src/cli/ports.ts';
import type { JobHandle } from '../../../src/index.ts';
import type { AccountSettings } from '../../installation/config-text.ts';
import { untilStopped, withFailpoints } from '../../installation/failpoints.ts';
import type { TestInstallation } from '../../installation/installation.ts';
import { openInstallation } from '../../installation/installation.ts';
import { writePartConfig } from '../../installation/part-config.ts';
import type { Relay } from '../../installation/relay.ts';
import { openRelay } from '../../installation/relay.ts';
import type { ReplyGate } from '../../installation/reply-gate.ts';
import { openReplyGate } from '../../installation/reply-gate.ts';
import { until } from '../../installation/until.ts';
import type { Outage } from './outages.ts';

/** An account, a job and a prompt for each moment; of those that end in `listed` the realm is exclusive. */
export const SURVIVED = [
  'dropped-listed',
  'dropped-shared',
  'reset-listed',
  'reset-shared',
  'answered-shared',
] as const;
export const KILLED = [
  'posting-listed',
  'posting-shared',
  'replied-listed',
  'recorded-shared',
] as const;
export type MomentJob = (typeof SURVIVED)[number] | (typeof KILLED)[number];

const JOBS: readonly MomentJob[] = [...SURVIVED, ...KILLED];

/** Long enough for every job to reach its moment on a loaded machine. */
const SUBMIT_TIMEOUT_SECONDS = 10;
const ARRIVAL_TIMEOUT_MS = 60_000;
/** The worker that dies has read one reply and recorded it; the second one it has only read. */
const AT_SECOND_REPLY = { moment: '^after http reply POST', count: 2, action: 'stop' } as const;

export interface MomentScene {
  readonly installation: TestInstallation;
  close(): Promise<void>;
}

/**
 * Brings one job each to one of the moments between a POST and the completion of its step, has the outage begin there,
 * lets each moment's own fault happen, ends the outage, and starts the next worker.
 */
export async function playMoments(outage: Outage): Promise<MomentScene> {
  const releases: (() => Promise<unknown>)[] = [() => outage.close()];
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    return { installation: await play(outage, releases), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function play(
  outage: Outage,
  releases: (() => Promise<unknown>)[],
): Promise<TestInstallation> {
  const port = await findFreePort('127.0.0.1');
  const gate = await openReplyGate(port);
  releases.push(() => gate.close());
  const installation = await openScene(port, gate, outage);
  releases.push(() => installation.close());
  const relay = await openRelay(Number(installation.temporalAddress.split(':')[1]));
  releases.push(() => relay.close());
  const [victim] = await Promise.all([
    startVictim(installation, relay),
    startSurvivor(installation),
    installation.startWorker({}, installation.configFile, 'workflows'),
  ]);

  for (const id of JOBS) gate.hold(id);
  const jobs = await Promise.all(JOBS.map((id) => start(installation, id)));
  await untilHeld(gate, JOBS);
  await arrive(installation, gate, relay, victim, jobs);

  await outage.begin(installation);
  for (const id of ['dropped-listed', 'dropped-shared'] as const) gate.release(id, 'drop');
  for (const id of ['reset-listed', 'reset-shared'] as const) gate.release(id, 'reset');
  gate.release('answered-shared', 'deliver');
  await victim.kill();
  await outage.end(installation);
  await installation.startWorker();
  return installation;
}

/** The last two of the victim's jobs come to their moments; all others wait for their replies. */
async function arrive(
  { ledger }: TestInstallation,
  gate: ReplyGate,
  relay: Relay,
  victim: ChildCommand,
  jobs: readonly JobHandle[],
): Promise<void> {
  // Neither a heartbeat nor the completion reaches the server from now on.
  relay.cut();
  gate.release('recorded-shared', 'deliver');
  const recorded = jobs[JOBS.indexOf('recorded-shared')]?.jobId ?? '';
  await until('the outcome in the ledger', async () => {
    const [submission] = await ledger.submissions(recorded);
    return submission?.state === 'accepted';
  });
  gate.release('replied-listed', 'deliver');
  await untilStopped(victim);
}

async function openScene(
  port: number,
  gate: ReplyGate,
  { ledgerUrl }: Outage,
): Promise<TestInstallation> {
  const toSettings = (id: MomentJob): AccountSettings => ({
    provider: 'nexusflow',
    baseUrl: `${gate.url}/nexusflow`,
    apiKey: { file: `${id}.key` },
    exclusive: id.endsWith('listed'),
    timing: { submitTimeoutSeconds: SUBMIT_TIMEOUT_SECONDS },
  });
  const installation = await openInstallation({
    isDurable: true,
    simulator: { port },
    accounts: Object.fromEntries(JOBS.map((id) => [id, toSettings(id)])),
    ...(ledgerUrl === undefined ? {} : { ledgerUrl }),
  });
  for (const id of JOBS) await writeFile(join(installation.directory, `${id}.key`), `key-of-${id}`);
  return installation;
}

async function startSurvivor(installation: TestInstallation): Promise<void> {
  const config = await writePartConfig(installation, SURVIVED);
  await installation.startWorker({}, config, 'provider');
}

async function startVictim(installation: TestInstallation, relay: Relay): Promise<ChildCommand> {
  const environment = { ...withFailpoints(AT_SECOND_REPLY), TEMPORAL_ADDRESS: relay.address };
  const config = await writePartConfig(installation, KILLED);
  return await installation.startWorker(environment, config, 'provider');
}

async function start({ client }: TestInstallation, id: MomentJob): Promise<JobHandle> {
  const request = { model: `${id}/wan2.6-t2v`, prompt: id, durationSeconds: 3 };
  return await client.start(request, { jobId: id });
}

async function untilHeld(gate: ReplyGate, ids: readonly MomentJob[]): Promise<void> {
  const areHeld = (): boolean => ids.every((id) => gate.isHolding(id));
  await until('every create to be accepted', areHeld, ARRIVAL_TIMEOUT_MS);
}
