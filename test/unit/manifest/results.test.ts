import { parse } from 'csv-parse/sync';
import type { ItemResult } from '../../../src/core/batch.ts';
import { toResultCsv } from '../../../src/manifest/index.ts';

const DONE: ItemResult = {
  item: 'shot-1',
  jobId: 'nightly/shot-1',
  status: 'succeeded',
  account: 'studio',
  provider: 'nexusflow',
  model: 'wan2.6-t2v',
  taskId: 'task_1',
  submissions: 1,
  polls: 3,
  artifacts: [
    {
      index: 0,
      key: 'jobs/nightly/shot-1/1/0.mp4',
      url: 'file:///a/0.mp4',
      sizeBytes: 10,
      sha256: 'ab'.repeat(32),
      mediaType: 'video/mp4',
      width: null,
      height: null,
      durationSeconds: 5,
    },
  ],
  cost: { currency: 'USD', micros: '450000', basis: '5 s', state: 'charged' },
  error: null,
  hold: null,
  startedAt: '2026-06-01T10:00:00.000Z',
  finishedAt: '2026-06-01T10:02:00.000Z',
};

const failed = (
  item: string,
  code: 'request.over_budget' | 'provider.unavailable',
): ItemResult => ({
  ...DONE,
  item,
  jobId: `nightly/${item}`,
  status: 'failed',
  taskId: null,
  artifacts: [],
  cost: { currency: 'USD', micros: '450000', basis: '5 s', state: 'released' },
  error: { code, message: `=HYPERLINK("http://x.example","${item}")`, details: {} },
});

async function* each(results: readonly ItemResult[]): AsyncGenerator<ItemResult> {
  yield* results;
}

async function csvOf(...results: readonly ItemResult[]): Promise<readonly (readonly string[])[]> {
  let text = '';
  for await (const part of toResultCsv(each(results))) text += part;
  return parse(text);
}

describe('an output manifest', () => {
  it('as CSV has a row per item, the amount in micros beside its currency', async () => {
    const [header, row] = await csvOf(DONE);
    const cell = (name: string): string | undefined => row?.[header?.indexOf(name) ?? -1];

    expect(cell('item')).toBe('shot-1');
    expect(cell('micros')).toBe('450000');
    expect(cell('currency')).toBe('USD');
    expect(cell('artifacts')).toBe('1');
    expect(cell('key')).toBe('jobs/nightly/shot-1/1/0.mp4');
    expect(cell('errorCode')).toBe('');
  });

  it.each(['=1+1', '+1', '-1', '@x', '\tx', '=cmd|"/c calc"!A1'])(
    'as CSV lets no spreadsheet run %j, and leaves negative amounts numbers',
    async (payload) => {
      const { error } = failed('a', 'request.over_budget');
      const rows = await csvOf({
        ...DONE,
        taskId: payload,
        error: error === null ? null : { ...error, message: payload },
        cost: { currency: 'USD', micros: '-5', basis: '', state: 'charged' },
      });

      const cells = rows[1] ?? [];
      expect(cells.filter((cell) => cell === `'${payload}`)).toHaveLength(2);
      expect(cells).not.toContain(payload);
      expect(cells).toContain('-5');
    },
  );
});
