import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import {
  connectTemporal,
  createClient,
  createInstallation,
  loadConfig,
  parseMediaRequest,
} from '../../src/index.ts';
import type { PolluxClient } from '../../src/index.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import { toEncryption } from '../installation/config-text.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

/** `k2` encrypts, as after a rotation; `k3` is of another installation. */
const KEYS = ['k2', 'k1', 'k3'] as const;

let installation: TestInstallation;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  installation = await openInstallation({ encryptionKeys: KEYS });
}, 60_000);

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await installation.close();
});

function toRequest(prompt: string): MediaRequest {
  return { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
}

/** The same installation as a process with other keys sees it. */
async function writeConfig(...keyIds: readonly string[]): Promise<string> {
  const { directory, configFile } = installation;
  const document = JSON.parse(await readFile(configFile, 'utf8')) as Record<string, unknown>;
  delete document['encryption'];
  const file = join(directory, `keys-${keyIds.join('-')}.yaml`);
  await writeFile(file, JSON.stringify({ ...document, ...toEncryption(keyIds) }));
  return file;
}

async function openClient(...keyIds: readonly string[]): Promise<PolluxClient> {
  const config = loadConfig({ file: await writeConfig(...keyIds), environment: {} });
  const access = await connectTemporal(config);
  closers.push(() => access.close());
  return createClient({
    temporal: access.temporal,
    accounts: createInstallation(config).accounts,
    parseRequest: parseMediaRequest,
  });
}

const startWorker = async (...keyIds: readonly string[]): Promise<ChildCommand> =>
  await installation.startWorker({}, await writeConfig(...keyIds));

const countOf = (text: string, part: string): number => text.split(part).length - 1;

describe.each([
  ['has another key', ['k1']],
  ['has no key at all', []],
] as const)('a worker that %s', (_what, keyIds) => {
  const prompt = `a harbour for ${keyIds.join('') || 'nobody'}`;
  const jobId = `keyless-${keyIds.join('') || 'plain'}`;

  it('alerts, ends no job and sends nothing; with the key the job goes on as if nothing had been', async () => {
    const lacking = await startWorker(...keyIds);
    const job = await installation.client.start(toRequest(prompt), { jobId });
    await until(
      'two alerts',
      () => countOf(lacking.output(), 'a payload is encrypted with key k2') >= 2,
      40_000,
    );
    const { status } = await installation.access.temporal.workflow
      .getHandle(`job/${jobId}`)
      .describe();
    const createsBefore = installation.creates(prompt).length;
    await lacking.stop();

    const worker = await startWorker('k2', 'k1');
    const result = await job.result();
    await worker.stop();

    expect(lacking.output()).toMatch(/\berror\b.*a payload is encrypted with key k2/);
    expect(status.name).toBe('RUNNING');
    expect(createsBefore).toBe(0);
    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(installation.creates(prompt)).toHaveLength(1);
  }, 120_000);
});

describe('an old worker beside a new one', () => {
  it('spoils no job: every one succeeds after one accepted create', async () => {
    const prompts = Array.from({ length: 4 }, (_, index) => `beside an old worker ${index}`);
    const old = await startWorker('k1');
    const current = await startWorker('k2', 'k1');

    const jobs = await Promise.all(
      prompts.map((prompt) => installation.client.start(toRequest(prompt))),
    );
    const results = await Promise.all(jobs.map((job) => job.result()));
    await old.stop();
    await current.stop();

    expect(results.map(({ status }) => status)).toEqual(prompts.map(() => 'succeeded'));
    expect(prompts.map((prompt) => installation.creates(prompt).length)).toEqual(
      prompts.map(() => 1),
    );
    expect(countOf(old.output(), 'a payload is encrypted with key k2')).toBeGreaterThan(0);
  }, 300_000);
});

describe('a rotation', () => {
  it('goes on with running jobs, and what the old key encrypted stays readable', async () => {
    const prompt = 'through a rotation';
    const before = await openClient('k1');
    installation.simulator.addFaults([
      { operation: 'create', match: prompt, fault: { kind: 'stuck_task' } },
    ]);
    const old = await startWorker('k1');
    const job = await before.start(toRequest(prompt), { jobId: 'rotated' });
    await until('a task', async () => (await job.state()).taskId !== null);
    await old.stop();

    const worker = await startWorker('k2', 'k1');
    const [task] = installation.creates(prompt);
    const finish = `${installation.simulator.url}/admin/tasks/${task?.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });
    const result = await installation.client.job('rotated').result();
    const state = await installation.client.job('rotated').state();
    const refused = await before
      .job('rotated')
      .result()
      .catch((error: unknown) => error);
    await worker.stop();

    expect(result).toMatchObject({ status: 'succeeded', taskId: task?.taskId, submissions: 1 });
    expect(state.history[0]?.note).toBe('the job begins');
    expect(refused).toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('key k2') as unknown,
    });
    const [submission] = await installation.ledger.submissions('rotated');
    expect(submission).toMatchObject({ state: 'accepted', taskId: task?.taskId });
  }, 120_000);

  it('is told by the commands: a key that is not there yet is a configuration that lacks it', async () => {
    const config = await writeConfig('k3');

    const shown = await installation.pollux('--config', config, 'jobs', 'show', 'rotated');

    expect(shown.exitCode).toBe(2);
    expect(shown.stderr).toMatch(
      /error \(config\.invalid\): a payload is encrypted with key k[12]/,
    );
  }, 30_000);

  it('starts no worker with a key file that cannot be used', async () => {
    await writeFile(join(installation.directory, 'k4.key'), 'no key', { mode: 0o600 });
    const config = await writeConfig('k4', 'k2');

    const { exitCode, stderr } = await installation.pollux('--config', config, 'worker');

    expect(exitCode).toBe(2);
    expect(stderr).toContain('encryption.keys[0].file');
  }, 30_000);
});
