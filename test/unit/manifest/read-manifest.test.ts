import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchItem } from '../../../src/core/batch.ts';
import type { Quote } from '../../../src/core/money.ts';
import { summarise } from '../../../src/manifest/index.ts';
import { manifestItemJsonSchema } from '../../../src/schema/manifest-item.ts';
import { BAD_LINES, BAD_MESSAGES, SECRET } from './bad-manifest.ts';
import {
  CONFIG,
  checkWith,
  itemsOf,
  messagesOf,
  MODEL,
  openAccounts,
  readAll,
} from './read-text.ts';

let folder = '';
let check: (item: BatchItem) => Quote | null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-manifest-test-'));
  const file = join(folder, 'pollux.yaml');
  writeFileSync(file, CONFIG);
  check = checkWith(openAccounts(file));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const line = (id: string, members: object = {}): string =>
  JSON.stringify({ id, model: MODEL, prompt: 'A harbour', durationSeconds: 5, ...members });

describe('a manifest of JSON lines', () => {
  it('with seventeen mistakes gives seventeen messages by line, field and rule, and shows no prompt', async () => {
    const messages = messagesOf(await readAll(BAD_LINES.join('\n'), 'jsonl', check));

    expect(messages).toHaveLength(17);
    for (const [index, pattern] of BAD_MESSAGES.entries()) expect(messages[index]).toMatch(pattern);
    expect(messages.join('\n')).not.toContain(SECRET);
    expect(messages.join('\n')).not.toContain('passwd');
  });

  it('tells what the model refuses beside what the schema refuses', async () => {
    const text = line('a', { seed: 1.5, durationSeconds: 99 });

    expect(messagesOf(await readAll(text, 'jsonl', check))).toEqual([
      expect.stringMatching(/^line 1: seed \(1.5\): must be a whole number$/),
      expect.stringMatching(/^line 1: durationSeconds \(99\): must be/),
    ]);
  });

  it('is read the same with a byte order mark, CRLF, blank lines and no last line feed', async () => {
    const text = `\uFEFF${line('a')}\r\n\r\n  \n${line('b', { prompt: 'Möwe 🐦' })}`;
    const lines = await readAll(text, 'jsonl', check);

    expect(itemsOf(lines).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(lines.map((read) => read.line)).toEqual([1, 4]);
    expect(itemsOf(lines)[1]?.request.prompt).toBe('Möwe 🐦');
  });

  it('goes on after a line that is too long and one that is no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(line('a', { prompt: 'x'.repeat(1_100_000) })),
      Buffer.from(`\n${line('b')}\n{"id":"c`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`"}\n${line('d')}\n`),
    ]);
    const lines = await readAll(bytes, 'jsonl', check, 65_536);

    expect(messagesOf(lines)).toEqual([
      'line 1: must have at most 1048576 bytes',
      'line 3: must be UTF-8',
    ]);
    expect(itemsOf(lines).map(({ id }) => id)).toEqual(['b', 'd']);
  });

  it('takes an id for good with the first line that has it, also where that line is wrong', async () => {
    const text = [line('a', { seed: -1 }), line('a')].join('\n');

    expect(messagesOf(await readAll(text, 'jsonl', check))).toEqual([
      'line 1: seed (-1): must be at least 0',
      'line 2: id ("a"): is the id of line 1, too',
    ]);
  });

  it('is summed up per currency and model, and unpriced items are counted', async () => {
    const unpriced = JSON.stringify({ id: 'c', model: 'gateway/kling-v2', prompt: 'A cat' });
    async function* lines(): ReturnType<typeof manifestLines> {
      yield* manifestLines([line('a'), line('b', { resolution: '720P' }), unpriced]);
    }

    const summary = await summarise(lines());

    expect(summary).toMatchObject({ items: 3, unpriced: 1, problemCount: 0 });
    expect(summary.quoted).toEqual([
      expect.objectContaining({ currency: 'USD', items: 2, estimated: false }),
    ]);
    expect(summary.models).toEqual([
      { model: MODEL, items: 2 },
      { model: 'gateway/kling-v2', items: 1 },
    ]);
  });

  it('keeps the first thousand problems and counts the others', async () => {
    const summary = await summarise(manifestLines(Array.from({ length: 1200 }, () => '{}')));

    expect(summary.problems).toHaveLength(1000);
    expect(summary.problemCount).toBe(2400);
  });
});

async function* manifestLines(
  texts: readonly string[],
): AsyncGenerator<Awaited<ReturnType<typeof readAll>>[number]> {
  yield* await readAll(texts.join('\n'), 'jsonl', check, 4096);
}

describe('the JSON Schema of an item', () => {
  it('asks for id and model and closes the set of fields', () => {
    expect(manifestItemJsonSchema()).toMatchObject({
      required: ['id', 'model'],
      additionalProperties: false,
    });
  });
});
