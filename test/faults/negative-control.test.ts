import { join } from 'node:path';
import { findFreePort } from '../../src/cli/ports.ts';
import type { RunningCommand } from '../installation/command.ts';
import { startCommand } from '../installation/command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import type { Change } from '../installation/other-release.ts';
import { makeOtherRelease } from '../installation/other-release.ts';
import type { ReplyGate } from '../installation/reply-gate.ts';
import { openReplyGate } from '../installation/reply-gate.ts';
import { until } from '../installation/until.ts';

/** Submit as any retried activity: the server repeats it, and the ledger permits whatever is asked for. */
const NAIVE: readonly Change[] = [
  { file: 'workflow-bundle.js', from: 'maximumAttempts: 1 }', to: 'maximumAttempts: 3 }' },
  { file: 'src/ledger/arming.js', from: "row.state !== 'admitted'", to: 'false' },
];
const JOB_ID = 'bought-twice';

let installation: TestInstallation;
let gate: ReplyGate;
const workers: RunningCommand[] = [];

beforeAll(async () => {
  const port = await findFreePort('127.0.0.1');
  gate = await openReplyGate(port);
  installation = await openInstallation({
    simulator: { port },
    accounts: {
      nexusflow: {
        baseUrl: `${gate.url}/nexusflow`,
        timing: { submitTimeoutSeconds: 1 },
      },
    },
  });
}, 60_000);

afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await installation.close();
  await gate.close();
});

async function startNaiveWorker(launcher: string): Promise<RunningCommand> {
  const { configFile, directory } = installation;
  const worker = startCommand(['--config', configFile, 'worker'], { cwd: directory, launcher });
  workers.push(worker);
  await worker.said('ready');
  return worker;
}

describe('a worker killed between POST and reply', () => {
  it('makes a release without the submit protocol buy twice, and the provider’s book shows it [T0]', async () => {
    const launcher = await makeOtherRelease(join(installation.directory, 'release'), NAIVE);
    const worker = await startNaiveWorker(launcher);
    gate.hold(JOB_ID);
    await installation.client.start(
      { model: 'nexusflow/wan2.6-t2v', prompt: JOB_ID, durationSeconds: 3 },
      { jobId: JOB_ID },
    );
    await until('a create', () => gate.isHolding(JOB_ID));

    await worker.kill();
    await startNaiveWorker(launcher);

    await until('a second create', () => installation.creates(JOB_ID).length > 1, 50_000);
    expect(await installation.ledger.decisions(JOB_ID)).toEqual([]);
  }, 90_000);
});
