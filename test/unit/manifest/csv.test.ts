import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import type { BatchItem } from '../../../src/core/batch.ts';
import { ITEM_FIELDS } from '../../../src/schema/manifest-item.ts';
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
let check: ReturnType<typeof checkWith>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-csv-test-'));
  const file = join(folder, 'pollux.yaml');
  writeFileSync(file, CONFIG);
  check = checkWith(openAccounts(file));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const HEADER = 'id,model,prompt,durationSeconds';

const messages = async (text: string): Promise<readonly string[]> =>
  messagesOf(await readAll(text, 'csv', check, 4096));

describe('a CSV manifest', () => {
  it('says the same as JSON lines: numbers, booleans, lists and objects, empty cells absent', async () => {
    const text = [
      '\uFEFFid,model,prompt,durationSeconds,resolution,seed,watermark,imageUrls,extra\r',
      `a,${MODEL},"A ""harbour"",\r\nat dawn",5,720P,,TRUE,,\r`,
      ',,,,,,,,\r',
      `b,nexus/x,,1e1,,7,false,https://a.example/1.png | https://a.example/2.png,"{""mode"":""pro""}"\r`,
    ].join('\n');

    const items = itemsOf(await readAll(text, 'csv', () => null));

    expect(items).toEqual([
      {
        id: 'a',
        request: {
          model: MODEL,
          prompt: 'A "harbour",\r\nat dawn',
          durationSeconds: 5,
          resolution: '720P',
          watermark: true,
        },
      },
      {
        id: 'b',
        request: {
          model: 'nexus/x',
          durationSeconds: 10,
          seed: 7,
          watermark: false,
          imageUrls: ['https://a.example/1.png', 'https://a.example/2.png'],
          extra: { mode: 'pro' },
        },
      },
    ]);
  });

  it('names the line on which a record begins, whatever its cells hold', async () => {
    const text = `${HEADER}\na,${MODEL},"one\ntwo\nthree",5\nb,${MODEL},x,99\n`;

    expect(await messages(text)).toEqual([
      expect.stringMatching(/^line 5: durationSeconds \(99\)/),
    ]);
  });

  it('reads what follows a quote that was opened and not closed', async () => {
    const text = `${HEADER}\na,${MODEL},"never closed,5\nb,${MODEL},good,5\nc,${MODEL},bad,99\n`;

    expect(await messages(text)).toEqual([
      'line 2: a quote is opened and not closed',
      expect.stringMatching(/^line 4: durationSeconds \(99\)/),
    ]);
  });

  it('finds a quote inside a cell without quotes on its own line', async () => {
    const text = `${HEADER}\na,${MODEL},5" disk,5\nb,${MODEL},6" tape,5\nc,${MODEL},good,5\n`;
    const lines = await readAll(text, 'csv', check);

    expect(messagesOf(lines).map((message) => message.slice(0, 7))).toEqual(['line 2:', 'line 3:']);
    expect(itemsOf(lines).map(({ id }) => id)).toEqual(['c']);
  });

  it('refuses a column that it does not know, naming the nearest, and a row of other length', async () => {
    const text = `id,model,promt,durationSeconds,id\na,${MODEL},x,99,a\nb,${MODEL},x\n`;

    expect(await messages(text)).toEqual([
      'line 1: promt: is no column; did you mean prompt?',
      'line 1: id: is a column twice',
      expect.stringMatching(/^line 2: durationSeconds \(99\)/),
      expect.stringMatching(/^line 2: prompt \(missing\)/),
      'line 3: has 3 cells, and the header names 5 columns',
    ]);
  });

  it('ends with its header where that names no ids', async () => {
    expect(await messages(`id;model;prompt\na;${MODEL};x\n`)).toEqual([
      'line 1: id;model;prompt: is no column; columns are separated by commas',
      'line 1: id: must be a column of the header',
      'line 1: model: must be a column of the header',
    ]);
  });

  it('refuses what is no number, boolean or object by the rule of its field', async () => {
    const text = `id,model,durationSeconds,audio,extra,imageUrls\na,${MODEL},five,si,{,"[""x"""\n`;

    expect(await messages(text)).toEqual([
      'line 2: durationSeconds ("five"): must be a number',
      expect.stringMatching(/^line 2: imageUrls \(4 characters\): must be a list$/),
      'line 2: audio ("si"): must be true or false',
      'line 2: extra (1 characters): must be a JSON object',
    ]);
  });

  it('refuses an item whose JSON is too large for a page', async () => {
    const text = `${HEADER}\na,${MODEL},${'\t'.repeat(600_000)}x,5\n`;

    expect(await messages(text)).toEqual(['line 2: must have less than 1048576 bytes as JSON']);
  });

  it('gives back every item that is written as CSV', async () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const url = fc.webUrl().filter((text) => !/[\s|]/.test(text));
    const item: fc.Arbitrary<BatchItem> = fc.record({
      id: fc.constant('id'),
      request: fc.record(
        {
          model: fc.constant(MODEL),
          prompt: texts,
          negativePrompt: fc.constantFrom('"', ',', '\n', '\r\n', ' x ', "'=1", '=1+1'),
          durationSeconds: fc.integer({ min: 1, max: 1000 }).map((tenths) => tenths / 10),
          seed: fc.nat(),
          audio: fc.boolean(),
          imageUrls: fc.array(url, { minLength: 1, maxLength: 3 }),
          extra: fc
            .dictionary(fc.string({ minLength: 1 }), fc.jsonValue() as fc.Arbitrary<string>)
            .filter((extra) => !JSON.stringify(extra).includes('"__proto__"')),
        },
        { requiredKeys: ['model'] },
      ),
    });

    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 5 }), async (items) => {
        const numbered = items.map((one, index) => ({ ...one, id: `id-${String(index)}` }));

        const lines = await readAll(toManifestCsv(numbered), 'csv', () => null, 4096);

        expect(messagesOf(lines)).toEqual([]);
        expect(JSON.parse(JSON.stringify(itemsOf(lines)))).toEqual(
          JSON.parse(JSON.stringify(numbered)),
        );
      }),
      { numRuns: 200 },
    );
  });
});

function toManifestCsv(items: readonly BatchItem[]): string {
  const toCell = (value: unknown): string => {
    if (value === undefined) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  const rows = items.map(({ id, request }) => {
    const members: Readonly<Record<string, unknown>> = { id, ...request };
    return ITEM_FIELDS.map((field) => toCell(members[field]));
  });
  return stringify([[...ITEM_FIELDS], ...rows]);
}
