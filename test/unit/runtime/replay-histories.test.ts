import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { RecordedHistory } from '../../../src/runtime/replay-histories.ts';
import { replayHistories } from '../../../src/runtime/replay-histories.ts';

const HISTORIES = join(__dirname, '..', '..', 'histories', 'generateMedia');

const quiet = (): void => undefined;

it('tells of each history whether this release replays it', async () => {
  const text = readFileSync(join(HISTORIES, '0.1.0-refused-key.json'), 'utf8');
  const tampered = text.replaceAll('"submit"', '"somethingElse"');
  const histories = [recorded('refused-key', text), recorded('refused-key', tampered)];

  const replayed = await collect(
    replayHistories(each(histories), {
      dataConverter: {},
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    }),
  );

  expect(replayed).toEqual([
    { jobId: 'refused-key' },
    { jobId: 'refused-key', failure: expect.stringMatching(/[Nn]ondeterminism/) as unknown },
  ]);
});

function recorded(jobId: string, text: string): RecordedHistory {
  return { jobId, history: historyFromJSON(JSON.parse(text)) };
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
