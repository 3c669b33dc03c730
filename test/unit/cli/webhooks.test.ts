import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { captureTerminal } from './captured-terminal.ts';
import type { CapturedTerminal } from './captured-terminal.ts';

const PLAIN = `
temporal: { address: "127.0.0.1:1" }
accounts:
  gateway: { provider: rixapi, baseUrl: "https://api.example.com", apiKey: { env: GATEWAY_KEY } }
`;
const CALLBACKS = `${PLAIN}callbacks: { publicUrl: "https://hooks.example.org", secret: { env: CALLBACK_SECRET } }\n`;

const SECRET = 'a secret of this test, long enough';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-webhooks-command-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(
  config: string,
  ...line: readonly string[]
): Promise<{ readonly exitCode: number; readonly terminal: CapturedTerminal }> {
  writeFileSync(join(folder, 'pollux.yaml'), config);
  const terminal = captureTerminal({ cwd: folder, environment: { CALLBACK_SECRET: SECRET } });
  return { exitCode: await main(['webhooks', ...line], terminal), terminal };
}

describe('pollux webhooks', () => {
  it('explains itself with examples', async () => {
    const { exitCode, terminal } = await run(PLAIN, '--help');

    expect(exitCode).toBe(0);
    expect(terminal.out()).toContain('Examples:');
  });

  it('says what to add to a configuration without callbacks', async () => {
    const { exitCode, terminal } = await run(PLAIN);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('has no section callbacks');
    expect(terminal.err()).toContain('publicUrl: https://hooks.example.org');
    expect(terminal.err()).toContain('openssl rand -hex 32');
  });

  it('says that Temporal does not answer', async () => {
    const { exitCode, terminal } = await run(CALLBACKS);

    expect(exitCode).toBe(4);
    expect(terminal.err()).toContain('Temporal does not answer at 127.0.0.1:1');
    expect(terminal.err()).not.toContain('ready');
  });

  it('refuses an address that is none', async () => {
    const { exitCode, terminal } = await run(CALLBACKS, '--listen', 'nowhere');

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('must be host:port');
  });
});
