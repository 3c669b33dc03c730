import { findFreePort } from '../../src/cli/ports.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

let installation: TestInstallation;
let port: number;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: { brief: { provider: 'nexusflow', timing: { taskLifeSeconds: 3 } } },
  });
  port = await findFreePort('127.0.0.1');
  installation.begin('worker', '--metrics-port', String(port));
}, 60_000);

afterAll(() => installation.close());

/** The sample of a counter with these labels, as Prometheus would scrape it. */
async function scrape(name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const isWanted = (line: string): boolean =>
    line.startsWith(name) &&
    Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`));
  return Number(text.split('\n').find(isWanted)?.split(' ').at(-1) ?? 0);
}

it('a worker counts holds and expiries for Prometheus, by account and reason', async () => {
  installation.simulator.addFaults([
    { operation: 'create', match: 'never ends', fault: { kind: 'stuck_task' } },
    { operation: 'create', match: 'is lost', fault: { kind: 'drop_reply' } },
  ]);
  const lost = await installation.client.start({
    model: 'nexusflow/wan2.6-t2v',
    prompt: 'a reply that is lost',
    durationSeconds: 3,
  });
  const stuck = await installation.client.start({
    model: 'brief/wan2.6-t2v',
    prompt: 'a task that never ends',
    durationSeconds: 3,
  });
  await until('the hold', async () => (await lost.state()).status === 'held');
  expect(await stuck.result()).toMatchObject({ status: 'expired' });

  await until('the counters', async () => {
    const holds = { account: 'nexusflow', reason: 'submit_unknown' };
    const expiries = { account: 'brief', code: 'provider.task_expired' };
    return (
      (await scrape('pollux_job_holds', holds)) === 1 &&
      (await scrape('pollux_job_expiries', expiries)) === 1
    );
  });
}, 60_000);
