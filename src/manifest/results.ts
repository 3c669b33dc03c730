import { stringify } from 'csv-stringify/sync';
import type { ItemResult } from '../core/batch.ts';

/** One line of the output manifest, with its line feed. */
export function toResultLine(result: ItemResult): string {
  return `${JSON.stringify(result)}\n`;
}

/** A cell. Amounts are bigints: a negative number given as text would be taken for a formula. */
type Cell = string | number | bigint | null;

const COLUMNS: Readonly<Record<string, (result: ItemResult) => Cell | undefined>> = {
  item: ({ item }) => item,
  status: ({ status }) => status,
  account: ({ account }) => account,
  model: ({ model }) => model,
  job: ({ jobId }) => jobId,
  task: ({ taskId }) => taskId,
  submissions: ({ submissions }) => submissions,
  artifacts: ({ artifacts }) => artifacts.length,
  key: ({ artifacts }) => artifacts[0]?.key,
  url: ({ artifacts }) => artifacts[0]?.url,
  sha256: ({ artifacts }) => artifacts[0]?.sha256,
  sizeBytes: ({ artifacts }) => artifacts[0]?.sizeBytes,
  micros: ({ cost }) => (cost === null ? null : BigInt(cost.micros)),
  currency: ({ cost }) => cost?.currency,
  costState: ({ cost }) => cost?.state,
  errorCode: ({ error }) => error?.code,
  errorMessage: ({ error }) => error?.message,
  startedAt: ({ startedAt }) => startedAt,
  finishedAt: ({ finishedAt }) => finishedAt,
};

/**
 * Rows of the output manifest as CSV, header first; of several artifacts the first is named. Texts that a spreadsheet
 * would run as a formula get a `'` in front.
 */
export async function* toResultCsv(results: AsyncIterable<ItemResult>): AsyncGenerator<string> {
  yield toRow(Object.keys(COLUMNS));
  for await (const result of results) {
    yield toRow(Object.values(COLUMNS).map((read) => read(result) ?? null));
  }
}

function toRow(cells: readonly Cell[]): string {
  return stringify([[...cells]], { escape_formulas: true });
}
