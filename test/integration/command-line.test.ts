import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobResult, JobState } from '../../src/core/job.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import { ANY_TEXT } from '../installation/any-value.ts';
import type { CommandEnd } from '../installation/command.ts';
import { startCommand } from '../installation/command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { measureFile } from '../installation/stored-file.ts';
import { until } from '../installation/until.ts';

const MODEL = 'nexusflow/wan2.6-t2v';
const STACK_TRACE = /\n\s+at .+:\d+/;

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      patient: { provider: 'nexusflow', timing: { minPollSeconds: 1, maxPollSeconds: 1 } },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

const toRun = (prompt: string, model: string = MODEL): readonly string[] => [
  ...['run', model, '--prompt', prompt, '--duration-seconds', '3'],
];

/** Parses stdout, which must hold one line: one JSON document. */
function onlyDocument({ stdout }: CommandEnd): JobResult {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as JobResult;
}

function onlyState(end: CommandEnd): JobState {
  return onlyDocument(end) as JobState;
}

/** One clear message: nothing on stdout, no stack trace, the code and the words that tell what to do. */
function expectOneMessage(end: CommandEnd, exitCode: number, ...words: readonly string[]): void {
  expect(end).toMatchObject({ exitCode, stdout: '' });
  expect(end.stderr).not.toMatch(STACK_TRACE);
  expect(end.stderr.match(/^error/gm)).toHaveLength(1);
  for (const word of words) expect(end.stderr).toContain(word);
}

function makeStuck(prompt: string): void {
  installation.simulator.addFaults([
    { operation: 'create', match: prompt, fault: { kind: 'stuck_task' } },
  ]);
}

async function finish(prompt: string): Promise<void> {
  const [create] = installation.creates(prompt);
  const { url } = installation.simulator;
  await fetch(`${url}/admin/tasks/${create?.taskId ?? ''}/finish`, { method: 'POST' });
}

describe('pollux run', () => {
  it('--json prints one JSON document, which is the result', async () => {
    const prompt = 'a document on stdout';

    const end = await installation.pollux(...toRun(prompt), '--job-id', 'document', '--json');

    expect(end.exitCode).toBe(0);
    const result = onlyDocument(end);
    expect(result).toEqual(await installation.client.job('document').result());
    expect(result).toMatchObject({ jobId: 'document', status: 'succeeded', submissions: 1 });
    expect(await measureFile(result.artifacts[0]!)).toMatchObject({
      sha256: result.artifacts[0]?.sha256,
    });
  });

  it('twice with one job id starts one job; with another prompt it is a conflict', async () => {
    const prompt = 'one job for two commands';
    const { pollux } = installation;

    const first = await pollux(...toRun(prompt), '--job-id', 'twice', '--json');
    const second = await pollux(...toRun(prompt), '--job-id', 'twice', '--json');
    const other = await pollux(...toRun('another prompt'), '--job-id', 'twice', '--json');

    expect(onlyDocument(second)).toEqual(onlyDocument(first));
    expect(second.exitCode).toBe(0);
    expect(second.stderr).toContain('already started');
    expect(installation.creates(prompt)).toHaveLength(1);
    expectOneMessage(other, 2, 'request.conflict', 'twice');
    expect(installation.creates('another prompt')).toEqual([]);
  });

  it('--dry-run prices a request without a server and sends nothing', async () => {
    const prompt = 'a dry run';
    const environment = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { directory, configFile } = installation;

    const end = await startCommand(
      ['--config', configFile, ...toRun(prompt), '--dry-run', '--json'],
      { cwd: directory, environment },
    ).ended;

    expect(end.exitCode).toBe(0);
    expect(onlyDocument(end)).toEqual({
      request: { model: MODEL, prompt, durationSeconds: 3 },
      quote: { currency: 'USD', micros: '270000', basis: '3 s × 90000 micros/s, 720P' },
    });
    expect(installation.creates(prompt)).toEqual([]);
  });

  it('--detach prints the job at once and leaves it running', async () => {
    const prompt = 'a job that is left alone';
    makeStuck(prompt);

    const end = await installation.pollux(
      ...toRun(prompt),
      ...['--job-id', 'detached', '--detach', '--json'],
    );
    await until('the create', () => installation.creates(prompt).length > 0);
    await finish(prompt);
    const result = await installation.client.job('detached').result();

    expect(end.exitCode).toBe(0);
    expect(onlyDocument(end)).toMatchObject({ jobId: 'detached', finishedAt: null, error: null });
    expect(result.status).toBe('succeeded');
  });

  it('ends with 130 at Ctrl-C, leaves the job running and says how to come back to it', async () => {
    const prompt = 'a job that outlives its command';
    makeStuck(prompt);
    const command = installation.begin(...toRun(prompt), '--job-id', 'left', '--json');
    await until('the create', () => installation.creates(prompt).length > 0);

    command.interrupt();
    const end = await command.ended;
    const { status } = await installation.client.job('left').state();
    await finish(prompt);
    const back = await installation.pollux(...toRun(prompt), '--job-id', 'left', '--json');

    expect(end).toMatchObject({ exitCode: 130, stdout: '' });
    expect(end.stderr).toContain('the job goes on');
    expect(end.stderr).toContain('--job-id left');
    expect(['submitting', 'running']).toContain(status);
    expect(back.exitCode).toBe(0);
    expect(onlyDocument(back)).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(installation.creates(prompt)).toHaveLength(1);
  });

  it('ends with 1 and prints the result where the task failed', async () => {
    const end = await installation.pollux(...toRun('a failure [sim:fail]'), '--json');

    expect(end.exitCode).toBe(1);
    expect(onlyDocument(end)).toMatchObject({
      status: 'failed',
      error: { code: 'provider.generation_failed' },
      cost: { micros: '0', state: 'released' },
    });
  });

  it('ends with 1 after one create where the provider refuses the key', async () => {
    const prompt = 'a locked door';
    await installation.writeKey('wrong-key');
    try {
      const end = await installation.pollux(...toRun(prompt), '--json');

      expect(end.exitCode).toBe(1);
      expect(onlyDocument(end)).toMatchObject({
        status: 'failed',
        submissions: 1,
        cost: { state: 'released' },
        error: { code: 'provider.unauthorized' },
      });
      expect(end.stderr).not.toMatch(STACK_TRACE);
      expect(end.stderr + end.stdout).not.toContain('wrong-key');
      expect(installation.refusals(prompt)).toHaveLength(1);
      expect(installation.creates(prompt)).toEqual([]);
    } finally {
      await installation.writeKey('simulated');
    }
  });
});

describe('pollux jobs', () => {
  it('show --json tells progress, polls and the next poll while the job waits; list --json names it', async () => {
    const prompt = 'a job to look at';
    makeStuck(prompt);
    const { client, pollux } = installation;
    const model = 'patient/wan2.6-t2v';
    const job = await client.start({ model, prompt, durationSeconds: 3 }, { jobId: 'looked-at' });
    await until('two readings', async () => (await job.state()).polls >= 2);

    const first = onlyState(await pollux('jobs', 'show', 'looked-at', '--json'));
    await until('more readings', async () => (await job.state()).polls > first.polls);
    const second = onlyState(await pollux('jobs', 'show', 'looked-at', '--json'));
    const list = await pollux('jobs', 'list', '--account', 'patient', '--json');
    await finish(prompt);
    await job.result();

    expect(first).toMatchObject({
      jobId: 'looked-at',
      status: 'running',
      provider: 'nexusflow',
      progress: 0,
      finishedAt: null,
      taskExpiresAt: ANY_TEXT,
      cost: { micros: '270000', state: 'reserved' },
    });
    expect(second.polls).toBeGreaterThan(first.polls);
    expect(Date.parse(second.nextPollAt ?? '')).toBeGreaterThan(Date.parse(first.nextPollAt ?? ''));
    expect(second.history).toEqual(first.history);
    expect(first.history[0]).toMatchObject({ status: 'opening', note: ANY_TEXT });
    const rows = list.stdout.trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([
      { jobId: 'looked-at', status: 'running', account: 'patient', model: 'wan2.6-t2v' },
    ]);
  });

  it('adopt fetches, books and stores a task that was created by hand, without a create', async () => {
    const prompt = 'made by hand';
    const { simulator, pollux, ledger } = installation;
    const created = await fetch(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'wan2.6-t2v', prompt, duration: 4, resolution: '1080P' }),
    });
    const { id: taskId } = (await created.json()) as { readonly id: string };
    const createsBefore = simulator.log().filter(({ kind }) => kind === 'create').length;

    const end = await pollux(
      ...['jobs', 'adopt', MODEL, taskId, '--job-id', 'adopted'],
      ...['--duration-seconds', '4', '--resolution', '1080P', '--json'],
    );
    const again = await pollux(
      ...['jobs', 'adopt', MODEL, taskId, '--job-id', 'thief'],
      ...['--duration-seconds', '4', '--resolution', '1080P', '--json'],
    );

    expect(end.exitCode).toBe(0);
    const result = onlyDocument(end);
    expect(result).toMatchObject({
      jobId: 'adopted',
      status: 'succeeded',
      taskId,
      artifacts: [{ width: 1920, height: 1080, durationSeconds: 4 }],
      cost: { currency: 'USD', micros: '560000', state: 'charged' },
    });
    expect(await measureFile(result.artifacts[0]!)).toMatchObject({
      sha256: result.artifacts[0]?.sha256,
    });
    const entries = await ledger.entries('adopted');
    expect(entries.filter(({ kind }) => kind === 'charge')).toMatchObject([{ micros: '560000' }]);
    expect(again.exitCode).toBe(1);
    expect(onlyDocument(again)).toMatchObject({
      status: 'failed',
      artifacts: [],
      error: { code: 'request.conflict' },
    });
    expect(await ledger.entries('thief')).toEqual([]);
    expect(simulator.log().filter(({ kind }) => kind === 'create')).toHaveLength(createsBefore);
  });

  it('show of a job that nobody knows says so', async () => {
    const end = await installation.pollux('jobs', 'show', 'nobody', '--json');

    expectOneMessage(end, 2, 'request.invalid', 'nobody', 'pollux jobs list');
  });
});

describe('one clear message tells', () => {
  const run = async (config: string | undefined, ...parameters: string[]): Promise<CommandEnd> => {
    const directory = join(installation.directory, 'elsewhere');
    await mkdir(directory, { recursive: true });
    const named = config === undefined ? [] : ['--config', config];
    return await startCommand([...named, ...parameters], { cwd: directory }).ended;
  };

  async function writeConfig(name: string, text: string): Promise<string> {
    const file = join(installation.directory, name);
    await writeFile(file, text);
    return file;
  }

  it('which models there are, where the model is unknown', async () => {
    const end = await installation.pollux(...toRun('x', 'nexusflow/wan9'), '--json');

    expectOneMessage(end, 2, 'request.invalid', 'wan9', 'wan2.6-t2v');
  });

  it('which accounts there are, where the account is unknown', async () => {
    const end = await installation.pollux(...toRun('x', 'nowhere/wan2.6-t2v'), '--json');

    expectOneMessage(end, 2, 'request.invalid', 'nowhere', 'nexusflow');
  });

  it('which field breaks which rule, where a request is invalid', async () => {
    const end = await installation.pollux(
      ...['run', MODEL, '--prompt', 'x', '--duration-seconds', '16', '--json'],
    );

    expectOneMessage(end, 2, 'request.invalid', 'durationSeconds (16)', '3 to 15');
  });

  it('what the least configuration is, where there is none', async () => {
    const end = await run(undefined, ...toRun('x'), '--json');

    expectOneMessage(end, 2, 'config.invalid', 'pollux.yaml', 'accounts:');
  });

  it('which file was named, where it does not exist or is a directory', async () => {
    const missing = await run('missing.yaml', ...toRun('x'), '--json');
    const directory = await run(installation.directory, ...toRun('x'), '--json');

    expectOneMessage(missing, 2, 'config.invalid', 'missing.yaml', 'does not exist');
    expectOneMessage(directory, 2, 'config.invalid', 'is a directory');
  });

  it('where the configuration stops being YAML', async () => {
    const file = await writeConfig('broken.yaml', 'accounts:\n  a: [\n');

    expectOneMessage(
      await run(file, ...toRun('x'), '--json'),
      2,
      'config.invalid',
      'not valid YAML',
    );
  });

  it('which key of the configuration is unknown, and all other mistakes with it', async () => {
    const file = await writeConfig(
      'typo.yaml',
      'acounts: {}\naccounts:\n  nexusflow: { provider: nexus, apiKey: { env: KEY } }\n',
    );

    const end = await run(file, ...toRun('x'), '--json');

    expectOneMessage(end, 2, 'config.invalid', 'acounts', 'accounts.nexusflow.provider');
  });

  it('which port is in use', async () => {
    const port = String(installation.simulator.port);

    const end = await run(undefined, 'simulator', '--port', port);

    expectOneMessage(end, 2, 'config.invalid', `port ${port}`, 'in use');
  });

  it('which port the health endpoint of a worker cannot have, and the worker ends', async () => {
    const port = String(installation.simulator.port);

    const end = await installation.pollux('worker', '--health-port', port);

    expectOneMessage(end, 2, 'config.invalid', `port ${port}`, 'in use');
  });

  it('that Temporal is away, at which address and what to do', async () => {
    const address = `127.0.0.1:${await findFreePort('127.0.0.1')}`;
    const environment = { TEMPORAL_ADDRESS: address };
    const { directory, configFile } = installation;
    const begin = (...parameters: readonly string[]): Promise<CommandEnd> =>
      startCommand(['--config', configFile, ...parameters], { cwd: directory, environment }).ended;

    const [started, listed] = await Promise.all([
      begin(...toRun('nobody listens'), '--json'),
      begin('jobs', 'list', '--json'),
    ]);

    for (const end of [started, listed]) {
      expectOneMessage(end, 4, 'temporal.unavailable', address, 'pollux dev');
    }
    expect(installation.creates('nobody listens')).toEqual([]);
  });

  it('which key is not there, where a worker starts without it', async () => {
    const file = await writeConfig(
      'keyless.yaml',
      `accounts: { nexusflow: { provider: nexusflow, apiKey: { env: NO_SUCH_KEY } } }\n`,
    );

    expectOneMessage(await run(file, 'worker'), 2, 'config.invalid', 'NO_SUCH_KEY');
  });
});
