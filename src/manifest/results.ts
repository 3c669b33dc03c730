import { stringify } from 'csv-stringify/sync';
import type { BatchMoney, ItemResult } from '../core/batch.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import type { EndStatus } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';

/** Items that ended with one code. */
export interface FailureGroup {
  readonly code: ErrorCode;
  readonly items: number;
  /** Of the first item of the group. */
  readonly message: string;
  /** Ids of the first few. */
  readonly examples: readonly string[];
}

export interface ManifestTotals {
  readonly items: number;
  readonly ended: Readonly<Record<EndStatus, number>>;
  /** Not ended. */
  readonly open: number;
  readonly artifacts: number;
  readonly money: readonly BatchMoney[];
  /** Most items first. */
  readonly failures: readonly FailureGroup[];
}

/** Writes an output manifest and counts what goes by. Holds sums only. */
export interface ManifestWriter {
  add(result: ItemResult): Promise<void>;
  totals(): ManifestTotals;
}

const EXAMPLES_KEPT = 3;

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

/** Hands every line to `write`. Throws what it throws. */
export function createManifestWriter(write: (line: string) => Promise<void>): ManifestWriter {
  const ended: Record<EndStatus, number> = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  const money = new Map<string, SumOfCurrency>();
  const failures = new Map<ErrorCode, FailureGroup>();
  let items = 0;
  let artifacts = 0;
  return {
    add: async (result) => {
      await write(toResultLine(result));
      items += 1;
      artifacts += result.artifacts.length;
      if (isEndStatus(result.status)) ended[result.status] += 1;
      addMoney(money, result);
      addFailure(failures, result);
    },
    totals: () => ({
      items,
      ended: { ...ended },
      open: items - Object.values(ended).reduce((sum, count) => sum + count, 0),
      artifacts,
      money: [...money].map(([currency, sums]) => toMoney(currency, sums)),
      failures: [...failures.values()].sort((left, right) => right.items - left.items),
    }),
  };
}

interface SumOfCurrency {
  spent: bigint;
  reserved: bigint;
  unknown: bigint;
}

function addMoney(money: Map<string, SumOfCurrency>, { cost }: ItemResult): void {
  if (cost === null) return;
  const sums = money.get(cost.currency) ?? { spent: 0n, reserved: 0n, unknown: 0n };
  const micros = BigInt(cost.micros);
  if (cost.state === 'charged' || cost.state === 'estimated') sums.spent += micros;
  if (cost.state === 'reserved') sums.reserved += micros;
  if (cost.state === 'unknown') sums.unknown += micros;
  money.set(cost.currency, sums);
}

function toMoney(currency: string, { spent, reserved, unknown }: SumOfCurrency): BatchMoney {
  return {
    currency,
    spent: spent.toString(),
    reserved: reserved.toString(),
    unknown: unknown.toString(),
  };
}

function addFailure(failures: Map<ErrorCode, FailureGroup>, { error, item }: ItemResult): void {
  if (error === null) return;
  const { code, message } = error;
  const group = failures.get(code) ?? { code, items: 0, message, examples: [] };
  const examples =
    group.examples.length < EXAMPLES_KEPT ? [...group.examples, item] : group.examples;
  failures.set(code, { ...group, items: group.items + 1, examples });
}
