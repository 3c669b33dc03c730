import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import { toWorkflowId } from '../../src/core/keys.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { lockLedger } from '../installation/ledger-lock.ts';
import { writePartConfig } from '../installation/part-config.ts';
import type { Relay } from '../installation/relay.ts';
import { openRelay } from '../installation/relay.ts';
import type { ReplyGate } from '../installation/reply-gate.ts';
import { openReplyGate } from '../installation/reply-gate.ts';
import { until } from '../installation/until.ts';

/** One account, one job and one worker for each place that keeps an outcome. */
type Keeper = 'heartbeat' | 'spool';
const KEEPERS: readonly Keeper[] = ['heartbeat', 'spool'];

const JOB_TIMEOUT_MS = 60_000;

let installation: TestInstallation;
let gate: ReplyGate;
let relay: Relay;

/** Both replies come while the ledger is locked, and both workers die before the lock is gone. */
beforeAll(async () => {
  const port = await findFreePort('127.0.0.1');
  gate = await openReplyGate(port);
  const provider = 'nexusflow' as const;
  const settings = { provider, baseUrl: `${gate.url}/nexusflow` };
  installation = await openInstallation({
    simulator: { port },
    accounts: { heartbeat: settings, spool: settings },
  });
  relay = await openRelay(Number(installation.temporalAddress.split(':')[1]));
  const [heartbeating, cutOff] = await Promise.all([
    startProvider('heartbeat'),
    startProvider('spool', { TEMPORAL_ADDRESS: relay.address }),
    installation.startWorker({}, installation.configFile, 'workflows'),
  ]);
  for (const keeper of KEEPERS) {
    gate.hold(keeper);
    const request = { model: `${keeper}/wan2.6-t2v`, prompt: keeper, durationSeconds: 3 };
    await installation.client.start(request, { jobId: keeper });
  }
  await until('two creates', () => KEEPERS.every((keeper) => gate.isHolding(keeper)));

  const unlock = await lockLedger(join(installation.directory, 'ledger.db'));
  relay.cut();
  for (const keeper of KEEPERS) gate.release(keeper, 'deliver');
  await until('the heartbeat at the server', hasHeartbeat);
  await heartbeating.kill();
  await until('the outcome in the spool', async () => (await spooled()) > 0);
  await cutOff.kill();
  unlock();
  await installation.startWorker();
}, 90_000);

afterAll(async () => {
  await installation.close();
  await relay.close();
  await gate.close();
});

async function startProvider(
  account: Keeper,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildCommand> {
  const config = await writePartConfig(installation, [account]);
  return await installation.startWorker(environment, config, 'provider');
}

async function hasHeartbeat(): Promise<boolean> {
  const handle = installation.access.temporal.workflow.getHandle(toWorkflowId('heartbeat'));
  const { raw } = await handle.describe();
  return raw.pendingActivities?.some(({ heartbeatDetails }) => heartbeatDetails != null) ?? false;
}

async function spooled(): Promise<number> {
  const names = await readdir(join(installation.directory, 'spool'));
  return names.filter((name) => name.endsWith('.json')).length;
}

describe('a worker that is killed while the ledger takes nothing', () => {
  it.each([
    [
      'leaves its task in the heartbeat: one create, and the job ends by itself [C4 F2]',
      'heartbeat',
    ],
    [
      'and Temporal hears nothing, leaves its task in the spool: one create, and the job ends by itself [C5 F1 F2]',
      'spool',
    ],
  ] as const)(
    '%s',
    async (_title, keeper) => {
      const result = await installation.client.job(keeper).result();

      const [create, ...more] = installation.creates(keeper);
      expect(more).toEqual([]);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: create?.taskId,
        submissions: 1,
        cost: { micros: '270000', state: 'charged' },
      });
      expect(await installation.ledger.submissions(keeper)).toMatchObject([
        { state: 'accepted', source: keeper },
      ]);
    },
    JOB_TIMEOUT_MS,
  );

  it('leaves no record behind once another one has drained the spool [C5]', async () => {
    expect(await spooled()).toBe(0);
  });
});
