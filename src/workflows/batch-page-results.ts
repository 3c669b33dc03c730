import { condition } from '@temporalio/workflow';
import { toResultsKey } from '../core/keys.ts';
import type { BatchPageRecord } from './batch-page-record.ts';
import { nameOfPart } from './batch-page-record.ts';
import { batchSteps } from './batch-steps.ts';

/** Results that are written at once at most, and how many are worth a write. */
const MOST_AT_ONCE = 50;
const WORTH_WRITING = 25;
/**
 * How long a result waits to be written where few come, and how often. Each write is some fifteen events of a history
 * that must hold the whole page: a page that goes on for days is written in full parts in the end.
 */
const WAITS: readonly { readonly times: number; readonly ms: number }[] = [
  { times: 100, ms: 20_000 },
  { times: 100, ms: 300_000 },
];

/** Writes results as they come, few at a time, until the page is over and all are written. */
export async function recordResults(page: BatchPageRecord): Promise<void> {
  const { batch, run, page: number } = page.task;
  const isOver = (): boolean => page.isOver || page.hasFailed;
  for (let part = 0; ; part += 1) {
    await condition(() => page.unrecorded > 0 || isOver());
    const isEnough = (): boolean => page.unrecorded >= WORTH_WRITING || isOver();
    const waitMs = waitOf(part);
    if (waitMs === undefined) await condition(isEnough);
    else await condition(isEnough, waitMs, { summary: 'more results may come' });
    if (page.hasFailed) return;
    const results = page.takeUnrecorded(MOST_AT_ONCE);
    if (results.length === 0) return;
    const key = toResultsKey(batch, run, number, `e${nameOfPart(part)}`);
    const { recordItems } = batchSteps(`write ${results.length} results`);
    const { money } = await recordItems({ batch, key, results });
    page.addMoney(money);
  }
}

function waitOf(part: number): number | undefined {
  let before = 0;
  for (const { times, ms } of WAITS) {
    before += times;
    if (part < before) return ms;
  }
  return undefined;
}
