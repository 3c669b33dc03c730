import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { writeKey } from '../encryption/keys.ts';
import type { CapturedTerminal } from './captured-terminal.ts';
import { captureTerminal } from './captured-terminal.ts';
import { until } from '../../installation/until.ts';

const CONFIG = `
temporal: { address: "127.0.0.1:1" }
accounts:
  nexusflow: { provider: nexusflow, apiKey: { env: NEXUSFLOW_API_KEY } }
`;
const ENCRYPTED = `${CONFIG}encryption: { keys: [ { id: k2, file: k2.key }, { id: k1, file: k1.key } ] }\n`;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-codec-command-'));
  writeKey(folder, 'k1');
  writeKey(folder, 'k2');
  writeFileSync(join(folder, 'pollux.yaml'), ENCRYPTED);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Run {
  readonly terminal: CapturedTerminal;
  readonly exitCode: Promise<number>;
}

function start(...line: readonly string[]): Run {
  const terminal = captureTerminal({ cwd: folder });
  return { terminal, exitCode: main(line, terminal) };
}

describe('pollux codec', () => {
  it('says when it is ready, answers the pages it names, and ends when it is interrupted', async () => {
    const { terminal, exitCode } = start(
      ...['codec', '--listen', '127.0.0.1:0', '--origin', 'https://temporal.example.org/'],
    );
    const url = await until('the line', () => /ready at (\S+)/.exec(terminal.err())?.[1]);

    const ask = (origin: string): Promise<Response> =>
      fetch(`${url}/decode`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: '{"payloads":[]}',
      });
    const statuses = [
      (await ask('https://temporal.example.org')).status,
      (await ask('http://127.0.0.1:8233')).status,
    ];
    terminal.interrupt();

    expect(await exitCode).toBe(0);
    expect(statuses).toEqual([200, 403]);
    expect(terminal.out()).toBe('');
    expect(terminal.err()).toBe(
      `codec ready at ${url} for pages of https://temporal.example.org\n`,
    );
  });

  it('expects the UI of a dev server where nothing else is said', async () => {
    const { terminal, exitCode } = start('codec', '--listen', '127.0.0.1:0');
    await until('the line', () => terminal.err().includes('ready'));
    terminal.interrupt();

    expect(await exitCode).toBe(0);
    expect(terminal.err()).toContain('for pages of http://127.0.0.1:8233, http://localhost:8233');
  });

  it.each([
    ['a configuration without keys', CONFIG, [], 'names no encryption.keys'],
    ['an origin with a path', ENCRYPTED, ['--origin', 'http://a/ui'], '--origin ("http://a/ui")'],
    ['an origin that is no URL', ENCRYPTED, ['--origin', 'temporal'], 'must be an origin such as'],
  ])('refuses %s', async (_what, config, options, expected) => {
    writeFileSync(join(folder, 'pollux.yaml'), config);

    const { terminal, exitCode } = start('codec', '--listen', '127.0.0.1:0', ...options);

    expect(await exitCode).toBe(2);
    expect(terminal.err()).toContain(expected);
  });

  it('refuses a key file that every user may read', async () => {
    chmodSync(join(folder, 'k1.key'), 0o644);

    const { terminal, exitCode } = start('codec', '--listen', '127.0.0.1:0');

    expect(await exitCode).toBe(2);
    expect(terminal.err()).toContain('encryption.keys[1].file');
    expect(terminal.err()).toContain('chmod 600');
  });
});

describe('pollux doctor', () => {
  async function encryptionCheck(): Promise<unknown> {
    const { terminal, exitCode } = start('doctor', '--json');
    await exitCode;
    const { checks } = JSON.parse(terminal.out()) as { checks: readonly { name: string }[] };
    return checks.find(({ name }) => name === 'encryption');
  }

  it('names the key that encrypts and those that still decrypt', async () => {
    expect(await encryptionCheck()).toEqual({
      name: 'encryption',
      outcome: 'ok',
      message: 'payloads are encrypted with key k2; k1 decrypts, too',
    });
  });

  it('says what is wrong with a key file', async () => {
    rmSync(join(folder, 'k2.key'));

    expect(await encryptionCheck()).toMatchObject({
      outcome: 'problem',
      code: 'config.invalid',
      message: expect.stringContaining('encryption.keys[0].file') as unknown,
    });
  });

  it('says that payloads are readable where no key is named', async () => {
    writeFileSync(join(folder, 'pollux.yaml'), CONFIG);

    expect(await encryptionCheck()).toMatchObject({
      outcome: 'notice',
      message: 'off: prompts and result URLs can be read in Temporal’s history',
    });
  });
});
