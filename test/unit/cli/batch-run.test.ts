import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { BAD_LINES, BAD_MESSAGES, SECRET } from '../manifest/bad-manifest.ts';
import { CONFIG, MODEL } from '../manifest/read-text.ts';
import type { CapturedTerminal } from './captured-terminal.ts';
import { captureTerminal } from './captured-terminal.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-batch-test-'));
  // Nobody listens there: whatever is sent or started fails.
  writeFileSync(join(folder, 'pollux.yaml'), `temporal: { address: "127.0.0.1:1" }\n${CONFIG}`);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const item = (id: string, members: object = {}): string =>
  JSON.stringify({ id, model: MODEL, prompt: 'A harbour', durationSeconds: 5, ...members });

async function batch(
  ...parameters: readonly string[]
): Promise<{ readonly exitCode: number; readonly terminal: CapturedTerminal }> {
  const terminal = captureTerminal({ cwd: folder, environment: { KEY: 'x' } });
  return { exitCode: await main(['batch', ...parameters], terminal), terminal };
}

function write(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(folder, name), lines.join('\n'));
}

describe('pollux batch run', () => {
  it('tells every mistake by its line, stores nothing and ends with 2', async () => {
    write('bad.jsonl', ...BAD_LINES);

    const { exitCode, terminal } = await batch('run', 'bad.jsonl');

    const said = terminal.err().trimEnd().split('\n');
    expect(exitCode).toBe(2);
    expect(terminal.out()).toBe('');
    expect(said).toHaveLength(BAD_MESSAGES.length + 1);
    for (const [index, pattern] of BAD_MESSAGES.entries()) expect(said[index]).toMatch(pattern);
    expect(said.at(-1)).toBe(
      'error (request.invalid): bad.jsonl: 17 mistakes; nothing was stored and nothing was sent',
    );
    expect(terminal.err()).not.toContain(SECRET);
    expect(readdirSync(folder).sort()).toEqual(['bad.jsonl', 'pollux.yaml']);
  });

  it('prices a dry run per currency and warns of what has no price', async () => {
    const unpriced = JSON.stringify({ id: 'c', model: 'gateway/kling-v2', prompt: 'A cat' });
    write('good.jsonl', item('a'), item('b'), unpriced);

    const { exitCode, terminal } = await batch('run', 'good.jsonl', '--dry-run');

    expect(exitCode).toBe(0);
    expect(terminal.out().split('\n')).toEqual([
      `3 items: ${MODEL} 2, gateway/kling-v2 1`,
      '0.90 USD for 2 items',
      'warning: no price is known for 1 item; where a budget applies, what has no price is refused',
      'the manifest is valid; nothing was stored and nothing was sent',
      '',
    ]);
    expect(existsSync(join(folder, '.pollux'))).toBe(false);
  });

  it('prints a dry run as one JSON document and nothing else', async () => {
    write('good.csv', 'id,model,prompt,durationSeconds', `a,${MODEL},"A harbour, at dawn",5`);

    const { exitCode, terminal } = await batch('run', 'good.csv', '--dry-run', '--json');

    expect(exitCode).toBe(0);
    expect(terminal.err()).toBe('');
    expect(JSON.parse(terminal.out())).toEqual({
      items: 1,
      quoted: [{ currency: 'USD', micros: '450000', items: 1, estimated: false }],
      unpriced: 0,
      models: [{ model: MODEL, items: 1 }],
    });
  });

  it('says the price before it starts, and stores nothing where Temporal is away', async () => {
    write('good.jsonl', item('a'));

    const { exitCode, terminal } = await batch('run', 'good.jsonl', '--id', 'nightly');

    expect(exitCode).toBe(4);
    expect(terminal.err()).toContain('0.45 USD for 1 item\n');
    expect(terminal.err()).toContain('error (temporal.unavailable):');
    expect(existsSync(join(folder, '.pollux', 'artifacts', 'batches'))).toBe(false);
  });

  it.each([
    [['missing.jsonl'], 'missing.jsonl: cannot be read (ENOENT)'],
    [['good.txt'], '--format jsonl or --format csv must say what it is'],
    [['-', '--format', 'csv'], '--id: a manifest from stdin needs the id of its batch'],
    [['good.jsonl', '--id', 'a/b'], 'batch ("a/b"): must start with a letter or digit'],
    [['good.jsonl', '--window', '0'], 'It must be a whole number from 1 to 5000.'],
    [['good.jsonl', '--budget', '4'], 'It must be an amount with its currency'],
    [['good.jsonl', '--budget-micros', '4'], 'a budget is an amount with its currency'],
    [['good.jsonl', '--stop-failed-share', '2'], 'It must be above 0 and at most 1.'],
    [['good.jsonl', '--tenant', '../x'], '--tenant ("../x"): must start with a letter or digit'],
    [['good.jsonl', '--out', './'], '--out ("./"): it is a folder'],
    [['empty.jsonl'], 'empty.jsonl: it holds no items'],
  ])('refuses %j with 2', async (parameters, words) => {
    write('good.jsonl', item('a'));
    write('empty.jsonl', '', '  ');

    const { exitCode, terminal } = await batch('run', ...parameters);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain(words);
    expect(terminal.out()).toBe('');
  });
});

describe('pollux batch', () => {
  it.each([
    [['rerun', 'nightly'], 'one of --failed, --downloads and --expired must be given'],
    [['rerun', 'nightly', '--failed', '--expired'], 'cannot be used with option'],
    [['set', 'nightly'], 'nothing is to be changed'],
    [['schedule', 'good.jsonl'], 'one of --cron "0 2 * * *" and --every 12h must be given'],
    [['schedule', 'good.jsonl', '--every', '12h', '--id', 'x'.repeat(90)], 'adds its time'],
    [['status', 'a b'], 'batch ("a b"): must start with a letter or digit'],
  ])('refuses %j with 2', async (parameters, words) => {
    write('good.jsonl', item('a'));

    const { exitCode, terminal } = await batch(...parameters);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain(words);
  });

  it.each([
    'run',
    'status',
    'manifest',
    'rerun',
    'cancel',
    'pause',
    'resume',
    'set',
    'list',
    'schedule',
  ])('%s shows how it is used, with an example', async (name) => {
    const { exitCode, terminal } = await batch(name, '--help');

    expect(exitCode).toBe(0);
    expect(terminal.out()).toContain(`$ pollux batch ${name}`);
  });
});
