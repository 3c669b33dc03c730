import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { BatchState, ItemResult } from '../../src/core/batch.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { BAD_LINES, BAD_MESSAGES, SECRET } from '../unit/manifest/bad-manifest.ts';

const MODEL = 'nexusflow/wan2.6-t2v';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation();
  await installation.startWorker();
}, 90_000);

afterAll(() => installation.close());

const toLine = (id: string, prompt: string): string =>
  JSON.stringify({ id, model: MODEL, prompt, durationSeconds: 3 });

async function write(name: string, ...lines: readonly string[]): Promise<string> {
  const file = join(installation.directory, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

function toResults(stdout: string): readonly ItemResult[] {
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as ItemResult);
}

function itemsOf(results: readonly ItemResult[]): readonly string[] {
  return results.map(({ item }) => item).sort();
}

describe('pollux batch', () => {
  it('refuses a manifest with seventeen mistakes by seventeen lines and exit code 2, and nothing is bought or stored', async () => {
    const lines = BAD_LINES.map((line) => line.replaceAll('studio/', 'nexusflow/'));
    const file = await write('bad.jsonl', ...lines);

    const end = await installation.pollux('batch', 'run', file);

    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr.match(/^line \d+: /gm)).toHaveLength(BAD_MESSAGES.length);
    expect(end.stderr).not.toContain(SECRET);
    expect(installation.creates(SECRET)).toEqual([]);
    expect(installation.refusals(SECRET)).toEqual([]);
    expect(existsSync(join(installation.directory, 'artifacts', 'batches', 'bad'))).toBe(false);
  });

  it('runs a CSV to its end, streams a line per item, and prints and copies the output manifest', async () => {
    const file = await write(
      'shots.csv',
      'id,model,prompt,durationSeconds',
      `a,${MODEL},"streamed a, ""quoted""",3`,
      `b,${MODEL},streamed b,3`,
    );
    const out = join(installation.directory, 'results.csv');

    const end = await installation.pollux(
      ...['batch', 'run', file, '--window', '2', '--json', '--out', out],
    );

    const results = toResults(end.stdout);
    expect(end.exitCode).toBe(0);
    expect(itemsOf(results)).toEqual(['a', 'b']);
    expect(results.every(({ status }) => status === 'succeeded')).toBe(true);
    expect(end.stderr).toContain('0.54 USD for 2 items');
    expect(installation.creates('streamed a, "quoted"')).toHaveLength(1);

    const printed = await installation.pollux('batch', 'manifest', 'shots');
    expect(itemsOf(toResults(printed.stdout))).toEqual(['a', 'b']);
    const rows: readonly Readonly<Record<string, string>>[] = parse(await readFile(out), {
      columns: true,
    });
    expect(rows.map(({ item, micros }) => [item, micros])).toEqual([
      ['a', '270000'],
      ['b', '270000'],
    ]);
    const status = await installation.pollux('batch', 'status', 'shots', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ status: 'succeeded', succeeded: 2 });
    expect((await installation.pollux('batch', 'list')).stdout).toMatch(/^shots +succeeded/m);
  }, 90_000);

  it('interrupted ends with 130 and says how to come back; the batch goes on and is followed to its end', async () => {
    const prompts = Array.from({ length: 12 }, (_, index) => `interrupted ${String(index)} .`);
    const lines = prompts.map((prompt, index) => toLine(`i-${String(index)}`, prompt));
    const file = await write('long.jsonl', ...lines);

    const running = installation.begin('batch', 'run', file, '--window', '2');
    const isSubmitted = (): boolean => installation.creates(prompts[0] ?? '').length > 0;
    await until('the first item to be submitted', isSubmitted);
    running.interrupt();
    const end = await running.ended;
    const followed = await installation.pollux('batch', 'status', 'long', '--follow', '--json');

    expect(end.exitCode).toBe(130);
    expect(end.stderr).toContain('pollux batch status long --follow');
    expect(followed.exitCode).toBe(0);
    expect(JSON.parse(followed.stdout)).toMatchObject({ status: 'succeeded', succeeded: 12 });
    for (const prompt of prompts) expect(installation.creates(prompt)).toHaveLength(1);
  }, 120_000);

  it('changes, pauses, resumes and cancels a batch that runs', async () => {
    const prompts = Array.from({ length: 30 }, (_, index) => `steered ${String(index)} .`);
    const lines = prompts.map((prompt, index) => toLine(`s-${String(index)}`, prompt));
    const file = await write('steered.jsonl', ...lines);
    const state = async (): Promise<BatchState> => {
      const { stdout } = await installation.pollux('batch', 'status', 'steered', '--json');
      return JSON.parse(stdout) as BatchState;
    };

    const started = await installation.pollux('batch', 'run', file, '--window', '1', '--detach');
    const paused = await installation.pollux('batch', 'pause', 'steered', '--reason', 'look first');
    const set = await installation.pollux('batch', 'set', 'steered', '--window', '3');
    const whilePaused = await state();
    const resumed = await installation.pollux('batch', 'resume', 'steered');
    const cancelled = await installation.pollux('batch', 'cancel', 'steered', '--jobs');
    const followed = await installation.pollux('batch', 'status', 'steered', '--follow', '--json');

    for (const end of [started, paused, set, resumed, cancelled]) expect(end.exitCode).toBe(0);
    expect(whilePaused).toMatchObject({ status: 'paused', window: 3 });
    expect(followed.exitCode).toBe(1);
    const last = JSON.parse(followed.stdout) as BatchState;
    expect(last.status).toBe('cancelled');
    expect(last.notStarted).toBeGreaterThan(0);
    expect(last.succeeded + last.cancelled + last.notStarted).toBe(30);
  }, 120_000);

  it('runs the rest again: what a budget refused is bought once it is raised, and nothing twice', async () => {
    const prompts = Array.from({ length: 4 }, (_, index) => `budgeted ${String(index)} .`);
    const lines = prompts.map((prompt, index) => toLine(`b-${String(index)}`, prompt));
    const file = await write('budgeted.jsonl', ...lines);

    const first = await installation.pollux(
      ...['batch', 'run', file, '--window', '1', '--budget', '0.54 USD', '--json'],
    );
    const status = await installation.pollux('batch', 'status', 'budgeted');
    const nothing = await installation.pollux('batch', 'rerun', 'budgeted', '--downloads');
    const again = await installation.pollux(
      ...['batch', 'rerun', 'budgeted', '--failed', '--budget', '1.08 USD', '--json'],
    );

    expect(status.stdout).toMatch(/2 request\.over_budget: b-2, b-3\n +\S/);
    expect(nothing.stderr).toContain(
      'nothing was run again: no item is in the scope of --downloads',
    );
    const refused = toResults(first.stdout).filter(
      ({ error }) => error?.code === 'request.over_budget',
    );
    expect(first.exitCode).toBe(1);
    expect(refused).toHaveLength(2);
    expect(again.exitCode).toBe(0);
    for (const prompt of prompts) expect(installation.creates(prompt)).toHaveLength(1);
  }, 120_000);

  it('of which everything in flight is held ends with 3, says for what, and goes on once that is decided', async () => {
    installation.simulator.addFaults([
      { operation: 'create', match: 'held one .', fault: { kind: 'reset_before' } },
    ]);
    const file = await write(
      'held.jsonl',
      toLine('one', 'held one .'),
      toLine('two', 'held two .'),
    );

    const end = await installation.pollux('batch', 'run', file, '--json');
    const resolved = await installation.pollux('jobs', 'resolve', 'held/one', '--resubmit');
    const followed = await installation.pollux('batch', 'status', 'held', '--follow', '--json');

    expect(end.exitCode).toBe(3);
    expect(end.stderr).toContain('pollux jobs list --held --batch held');
    expect(itemsOf(toResults(end.stdout))).toEqual(['two']);
    expect(resolved.exitCode).toBe(0);
    expect(followed.exitCode).toBe(0);
    expect(JSON.parse(followed.stdout)).toMatchObject({ status: 'succeeded', succeeded: 2 });
    expect(installation.creates('held one .')).toHaveLength(1);
  }, 90_000);

  it('runs a manifest as the clock says, each time as a batch of its own that can be asked for', async () => {
    const file = await write('clocked.jsonl', toLine('a', 'clocked .'));

    const created = await installation.pollux(
      ...['batch', 'schedule', file, '--id', 'clocked', '--every', '3s'],
    );
    const listed = await installation.pollux('batch', 'schedule', 'list');
    await until('two firings', () => installation.creates('clocked .').length >= 2, 60_000);
    const deleted = await installation.pollux('batch', 'schedule', 'delete', 'clocked');

    for (const end of [created, listed, deleted]) expect(end.exitCode).toBe(0);
    expect(listed.stdout).toMatch(/^clocked +\d{4}-.*every 3 s/m);
    const { stdout } = await installation.pollux('batch', 'list', '--json');
    const ids = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { readonly id: string }).id)
      .filter((id) => id.startsWith('clocked-'));
    expect(ids.length).toBeGreaterThanOrEqual(2);
    for (const id of ids) {
      const status = await installation.pollux('batch', 'status', id, '--follow', '--json');
      expect(JSON.parse(status.stdout)).toMatchObject({ batch: id, succeeded: 1 });
    }
    expect(installation.creates('clocked .')).toHaveLength(ids.length);
  }, 180_000);

  it.each([
    [['batch', 'status', 'nobody'], 2, 'nobody'],
    [['batch', 'schedule', 'delete', 'nobody'], 2, 'Temporal knows no such schedule'],
  ])('%j of what there is not is one message', async (parameters, exitCode, words) => {
    const end = await installation.pollux(...parameters);

    expect(end).toMatchObject({ exitCode, stdout: '' });
    expect(end.stderr).toContain(words);
    expect(end.stderr.match(/^error/gm)).toHaveLength(1);
  });
});
