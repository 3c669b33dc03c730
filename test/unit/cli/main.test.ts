import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { captureTerminal } from './captured-terminal.ts';
import type { CapturedTerminal } from './captured-terminal.ts';

const CONFIG = `
temporal: { address: "127.0.0.1:1" }
accounts:
  nexusflow: { provider: nexusflow, apiKey: { env: NEXUSFLOW_API_KEY } }
  gateway: { provider: rixapi, baseUrl: "https://api.example.com", apiKey: { env: GATEWAY_KEY } }
`;

describe('the command line', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pollux-cli-'));
    writeFileSync(join(folder, 'pollux.yaml'), CONFIG);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function run(
    line: readonly string[],
    stdin = '',
  ): Promise<{ readonly exitCode: number; readonly terminal: CapturedTerminal }> {
    const terminal = captureTerminal({ cwd: folder, stdin });
    return { exitCode: await main(line, terminal), terminal };
  }

  it.each([
    ['run'],
    ['jobs', 'list'],
    ['jobs', 'show'],
    ['jobs', 'cancel'],
    ['jobs', 'poll'],
    ['jobs', 'adopt'],
    ['models'],
    ['demo'],
    ['dev'],
    ['worker'],
    ['webhooks'],
    ['setup'],
    ['doctor'],
    ['sweep'],
    ['audit'],
    ['codec'],
    ['simulator'],
  ])('explains %s %s with examples', async (...command) => {
    const { exitCode, terminal } = await run([...command, '--help']);

    expect(exitCode).toBe(0);
    expect(terminal.out()).toContain('Examples:');
    expect(terminal.err()).toBe('');
  });

  it.each([
    [['rnu'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['jobs', 'shwo'], '(Did you mean show?)'],
    [['run', '--promt', 'x'], '(Did you mean --prompt?)'],
    [['run', 'a/b', '--seed', 'x'], 'It must be a number.'],
    [['jobs', 'list', '--limit', '-1'], 'It must be a whole number'],
    [['jobs', 'list', '--status', 'done'], 'Allowed choices are open'],
    [['worker', '--role', 'all'], 'Allowed choices are workflows, provider, transfer'],
    [['simulator', '--port', '70000'], 'It must be a port'],
    [['codec', '--listen', '8089'], 'It must be host:port'],
    [['codec', '--listen', '127.0.0.1:70000'], 'It must be a port'],
    [['simulator', '--min-ms', '9', '--max-ms', '3'], 'must be at most --max-ms'],
    [['simulator', '--speed', '0'], 'speed is 0'],
    [['run', 'nexusflow'], 'model ("nexusflow"): must be <account>/<model>'],
    [['run'], 'model (missing)'],
    [['run', 'other/x'], 'no account "other" is configured; there are: nexusflow, gateway'],
    [['run', 'nexusflow/wan9'], 'nexusflow has no such model'],
    [
      ['run', 'nexusflow/wan2.6-t2v', '--prompt', 'x', '--duration-seconds', '2'],
      'durationSeconds (2): must be an integer from 3 to 15',
    ],
    [['run', 'nexusflow/wan2.6-i2v', '--prompt', 'x'], 'imageUrls'],
    [['run', 'gateway/kling-v2', '--extra', 'novalue'], '--extra ("novalue"): must be key=value'],
    [['run', '--request', 'missing.json'], 'cannot be read'],
    [['run', 'nexusflow/wan2.6-t2v', '--prompt', 'x', '--job-id', '../x'], 'jobId ("../x")'],
    [['run', 'nexusflow/wan2.6-t2v', '--prompt', 'x', '--tenant', 'a b'], 'tenant ("a b")'],
    [['jobs', 'adopt', 'nexusflow/wan2.6-t2v', 'two words'], 'adoptTaskId ("two words")'],
    [['jobs', 'show', 'a b'], 'jobId ("a b")'],
    [['models', 'nexusflw'], 'did you mean nexusflow?'],
    [['models', 'nexusflow/wan2.6-t2'], 'did you mean wan2.6-t2'],
    [['--config', 'missing.yaml', 'models'], 'it does not exist'],
    [['worker'], 'environment variable NEXUSFLOW_API_KEY is not set'],
  ])('refuses %j with exit code 2, one clear message and nothing on stdout', async (line, text) => {
    const { exitCode, terminal } = await run(line);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain(text);
    expect(terminal.err()).not.toMatch(/\n\s+at /);
    expect(terminal.out()).toBe('');
  });

  it.each([
    [['run', 'nexusflow/wan2.6-t2v', '--prompt', 'x', '--json']],
    [['jobs', 'show', 'nobody', '--json']],
  ])('%j ends with exit code 4 and names the address where Temporal is away', async (line) => {
    const { exitCode, terminal } = await run(line);

    expect(exitCode).toBe(4);
    expect(terminal.err()).toContain('Temporal does not answer at 127.0.0.1:1');
    expect(terminal.out()).toBe('');
  });

  it('without a configuration says the least that must be written', async () => {
    rmSync(join(folder, 'pollux.yaml'));

    const { exitCode, terminal } = await run(['models']);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('apiKey: { env: NEXUSFLOW_API_KEY }');
  });

  it('dev without a configuration points at the simulator', async () => {
    rmSync(join(folder, 'pollux.yaml'));

    const { exitCode, terminal } = await run(['dev']);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('pollux dev --simulator');
  });

  it('run --dry-run --json prints request and quote, and needs neither Temporal nor a key', async () => {
    const { exitCode, terminal } = await run([
      'run',
      'nexusflow/wan2.6-t2v',
      ...['--prompt', 'A harbour', '--duration-seconds', '5', '--resolution', '720P'],
      ...['--no-watermark', '--dry-run', '--json'],
    ]);

    expect(exitCode).toBe(0);
    expect(JSON.parse(terminal.out())).toEqual({
      request: {
        model: 'nexusflow/wan2.6-t2v',
        prompt: 'A harbour',
        durationSeconds: 5,
        resolution: '720P',
        watermark: false,
      },
      quote: { currency: 'USD', micros: '450000', basis: expect.any(String) as string },
    });
  });

  it('options win over the request from stdin, and --extra reads JSON where it parses', async () => {
    const request = { model: 'gateway/kling-v2', prompt: 'old', extra: { mode: 'std', keep: 1 } };

    const { terminal } = await run(
      [
        ...['run', '--request', '-', '--prompt', 'new', '--extra', 'mode=pro'],
        ...['--extra', 'camera={"zoom":2}', '--dry-run', '--json'],
      ],
      JSON.stringify(request),
    );

    expect(JSON.parse(terminal.out())).toEqual({
      request: {
        model: 'gateway/kling-v2',
        prompt: 'new',
        extra: { mode: 'pro', keep: 1, camera: { zoom: 2 } },
      },
      quote: null,
    });
  });

  it('models --json prints one line per account and model with parameters and prices', async () => {
    const { exitCode, terminal } = await run(['models', 'nexusflow', '--json']);

    const lines = terminal.out().trim().split('\n');
    const models = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(exitCode).toBe(0);
    expect(models.find(({ model }) => model === 'wan2.6-t2v')).toMatchObject({
      account: 'nexusflow',
      kind: 'video',
      parameters: { type: 'object' },
      prices: [
        { currency: 'USD', unit: 'second', micros: '90000', when: { resolution: '720P' } },
        { currency: 'USD', unit: 'second', micros: '140000', when: { resolution: '1080P' } },
      ],
    });
  });

  it('the simulator says when it is ready, and ends with 0 when interrupted', async () => {
    const terminal = captureTerminal({ cwd: folder });
    const ended = main(['simulator', '--port', '0', '--json'], terminal);
    while (!terminal.err().includes('ready')) await new Promise(setImmediate);

    const { url, baseUrls } = JSON.parse(terminal.out()) as {
      url: string;
      baseUrls: { nexusflow: string };
    };
    const answer = await fetch(`${url}/admin/summary`);
    terminal.interrupt();

    expect(await ended).toBe(0);
    expect(answer.status).toBe(200);
    expect(baseUrls.nexusflow).toBe(`${url}/nexusflow`);
  });

  it('a port in use is named, with exit code 2', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    try {
      const { exitCode, terminal } = await run(['simulator', '--port', port]);

      expect(exitCode).toBe(2);
      expect(terminal.err()).toContain(`port ${port} of 127.0.0.1 is in use`);
    } finally {
      server.close();
    }
  });
});
