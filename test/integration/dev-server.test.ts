import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { DevServer } from '../../src/cli/dev-server.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';

const cliPath = process.env['POLLUX_TEST_TEMPORAL_CLI'] ?? '';

const JOB_STATUS = defineSearchAttributeKey('JobStatus', 'KEYWORD');
const TASK_EXPIRES_AT = defineSearchAttributeKey('TaskExpiresAt', 'DATETIME');
const COST_AMOUNT = defineSearchAttributeKey('CostAmount', 'DOUBLE');

let directory: string;
const running: DevServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pollux-dev-server-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()));
  await rm(directory, { recursive: true, force: true });
});

async function start(databaseFile?: string): Promise<DevServer> {
  const server = await startDevServer({
    cliPath,
    logFile: join(directory, 'server.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
    isDetached: false,
    ...(databaseFile === undefined ? {} : { databaseFile }),
  });
  running.push(server);
  return server;
}

async function withClient<Value>(
  address: string,
  use: (client: Client) => Promise<Value>,
): Promise<Value> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

describe('the dev server', () => {
  it('takes a start with every search attribute as soon as it is there, and frees its port when stopped', async () => {
    const server = await start();

    const description = await withClient(server.address, async (client) => {
      const handle = await client.workflow.start('nobodyRunsThis', {
        workflowId: 'one',
        taskQueue: 'empty',
        typedSearchAttributes: [
          { key: JOB_STATUS, value: 'opening' },
          { key: TASK_EXPIRES_AT, value: new Date(0) },
          { key: COST_AMOUNT, value: 0.45 },
        ],
      });
      return handle.describe();
    });
    await server.stop();

    expect(description.typedSearchAttributes.get(JOB_STATUS)).toBe('opening');
    await expect(
      Connection.connect({ address: server.address, connectTimeout: 500 }),
    ).rejects.toThrow();
  });

  it('remembers workflows of a killed server when it has a file', async () => {
    const databaseFile = join(directory, 'deep', 'temporal.db');
    const first = await start(databaseFile);
    await withClient(first.address, (client) =>
      client.workflow.start('nobodyRunsThis', { workflowId: 'kept', taskQueue: 'empty' }),
    );
    await first.kill();

    const second = await start(databaseFile);
    const status = await withClient(second.address, async (client) => {
      const description = await client.workflow.getHandle('kept').describe();
      return description.status.name;
    });

    expect(status).toBe('RUNNING');
  });

  it('names the port that is taken and says what to do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const refused = startDevServer({
      cliPath,
      port,
      logFile: join(directory, 'server.log'),
      searchAttributes: {},
    });

    await expect(refused).rejects.toThrow(`port ${port} on 127.0.0.1`);
    await expect(refused).rejects.toMatchObject({ code: 'config.invalid' });
    await new Promise((resolve) => holder.close(resolve));
  });

  it('says what the server printed when it does not start', async () => {
    const broken = join(directory, 'temporal');
    await writeFile(broken, '#!/bin/sh\necho the disk is on fire >&2\nexit 3\n', { mode: 0o755 });

    const refused = startDevServer({
      cliPath: broken,
      logFile: join(directory, 'server.log'),
      searchAttributes: {},
    });

    await expect(refused).rejects.toMatchObject({ code: 'temporal.unavailable' });
    await expect(refused).rejects.toThrow(/code 3[^]*the disk is on fire/);
  });
});
