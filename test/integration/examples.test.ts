import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hello } from '../../examples/hello.ts';
import { createLanternworks } from '../../examples/own-provider.ts';
import { createMemoryStore } from '../../examples/own-store.ts';
import { startSimulator } from '../../simulator/index.ts';
import type { RunningSimulator } from '../../simulator/index.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { writeSimulatorConfig } from '../../src/cli/simulator-config.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { artifactStoreContract, providerContract } from '../contract/suites/index.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/pollux', import.meta.url));

const FILE = 'https://files.example.com/lantern.mp4';

const providerLaws = providerContract({
  createProvider: (baseUrl) =>
    createLanternworks({
      baseUrl,
      currency: 'USD',
      prices: new Map(),
      allowPrivateHosts: true,
    }),
  requests: [{ model: 'lantern-1', prompt: 'a lantern in the fog', durationSeconds: 4 }],
  brokenRequest: { model: 'lantern-1', prompt: 'a lantern in the fog', durationSeconds: 90 },
  taskId: 'lantern-7',
  wire: {
    accepted: { id: 'lantern-7', status: 'waiting' },
    queued: { id: 'lantern-7', status: 'waiting' },
    running: { id: 'lantern-7', status: 'lit', percent: 40 },
    succeeded: { id: 'lantern-7', status: 'done', percent: 100, files: [FILE] },
    failed: { id: 'lantern-7', status: 'broken', reason: 'the wick is wet' },
  },
});

const storeLaws = artifactStoreContract({
  open: async () => ({ store: createMemoryStore(), dispose: async () => undefined }),
});

describe('the example of a provider of one’s own keeps the laws of the port:', () => {
  it.each(providerLaws.map((law) => [law.name, law] as const))('%s', (_name, law) => law.run());

  it('prices a request by the second', () => {
    const provider = createLanternworks({
      baseUrl: 'https://api.example.com',
      currency: 'USD',
      prices: new Map(),
      allowPrivateHosts: false,
    });

    const quote = provider.quote({ model: 'lantern-1', prompt: 'x', durationSeconds: 3 });

    expect(quote).toMatchObject({ currency: 'USD', micros: '60000' });
  });
});

describe('the example of a store of one’s own keeps the laws of the port:', () => {
  it.each(storeLaws.map((law) => [law.name, law] as const))('%s', (_name, law) => law.run());
});

describe('the example of a job from code', () => {
  const releases: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const release of releases.splice(0).reverse()) await release();
  });

  it('ends with a stored video and its cost, and buys nothing when it runs again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-example-'));
    releases.push(() => rm(folder, { recursive: true, force: true }));
    const simulator = await startSimulator({ durationsMs: { video: [300, 600] } });
    releases.push(() => simulator.close());
    // A server of its own: another test's worker must not take this job into its own ledger.
    const server = await startDevServer({
      cliPath: process.env['POLLUX_TEST_TEMPORAL_CLI'] ?? '',
      logFile: join(folder, 'temporal.log'),
      searchAttributes: SEARCH_ATTRIBUTES,
      isDetached: false,
    });
    releases.push(() => server.stop());
    const file = await writeSimulatorConfig(folder, simulator.baseUrls, server.address);
    const worker = await startWorker(file);
    releases.push(() => end(worker));

    const first = await hello(file);
    const second = await hello(file);

    expect(first).toMatchObject({
      jobId: 'hello',
      status: 'succeeded',
      submissions: 1,
      cost: { currency: 'USD', micros: '450000', state: 'charged' },
      artifacts: [{ mediaType: 'video/mp4', width: 1280, height: 720 }],
    });
    expect(second).toEqual(first);
    expect(creates(simulator)).toBe(1);
  }, 60_000);
});

function creates(simulator: RunningSimulator): number {
  return simulator.log().filter(({ kind }) => kind === 'create').length;
}

/** A worker as an operator starts it, once it says that it serves. */
async function startWorker(configFile: string): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [LAUNCHER, '--config', configFile, 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    worker.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready')) resolve();
    });
    worker.once('exit', () => reject(new Error(`the worker did not start: ${said}`)));
  });
  return worker;
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null) return;
  const exited = once(worker, 'exit');
  worker.kill('SIGTERM');
  await exited;
}
