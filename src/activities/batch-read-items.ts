import { prepareRequest } from '../core/accounts.ts';
import type { ItemToRun } from '../core/batch-page.ts';
import { countItem, EMPTY_TALLY } from '../core/batch-tally.ts';
import type { ItemTally } from '../core/batch-tally.ts';
import type { BatchItem, BatchRerun, ItemResult } from '../core/batch.ts';
import { isMediaJobError } from '../core/errors.ts';
import { toItemJobId, toPageKey, toResultsKey } from '../core/keys.ts';
import type { JobRecord } from '../core/ledger.ts';
import { toStartSummary } from '../core/start-facts.ts';
import { toItemResult } from '../core/item-result.ts';
import type { BatchPorts } from './batch-ports.ts';
import { toJobRerun } from './batch-rerun.ts';
import { endOf, nameItem } from './batch-results.ts';
import { publishOnce } from './batch-store.ts';
import { toRequestHash } from './request-hash.ts';

export interface ReadItemsStep {
  readonly batch: string;
  /** Under which batch's name the pages lie. */
  readonly source: string;
  readonly revision: string;
  readonly page: number;
  /** Position in the page, from 0. */
  readonly from: number;
  readonly run: string;
  /** Names what this reading writes. */
  readonly part: string;
  readonly tenant?: string;
  readonly rerun?: BatchRerun;
}

export interface ItemsRead {
  /** Items that have ended already. Their results are stored. */
  readonly kept: ItemTally;
  readonly items: readonly ItemToRun[];
  /** Where the next reading begins; `null` where the page has no more. */
  readonly next: number | null;
}

/** What one reading brings at most: it stands in the page's history. */
const MAX_ITEMS = 100;
const MAX_BYTES = 131_072;

/**
 * Reads some items of a page and looks each up in the ledger: one that has ended is answered with its recorded result, unless
 * its end is to be run again.
 *
 * Run twice: an item that has ended meanwhile is answered instead of started. Throws `storage.*`, `ledger.unavailable`.
 */
export async function readItems(ports: BatchPorts, step: ReadItemsStep): Promise<ItemsRead> {
  const page = await ports.readPage(toPageKey(step.source, step.revision, step.page));
  const chosen = page.slice(step.from, step.from + MAX_ITEMS);
  const rows = await readRows(ports, step.batch, chosen);
  const items: ItemToRun[] = [];
  const kept: ItemResult[] = [];
  let bytes = 0;
  let looked = 0;
  for (const item of chosen) {
    const found = judgeItem(ports, step, item, rows.get(toItemJobId(step.batch, item.id)));
    if ('status' in found) kept.push(found);
    else {
      bytes += Buffer.byteLength(JSON.stringify(found));
      if (bytes > MAX_BYTES && items.length > 0) break;
      items.push(found);
    }
    looked += 1;
  }
  await storeKept(ports, step, kept);
  const next = step.from + looked;
  return {
    kept: kept.reduce((tally, result) => countItem(tally, result), EMPTY_TALLY),
    items,
    next: next < page.length ? next : null,
  };
}

async function readRows(
  { ledger }: BatchPorts,
  batch: string,
  items: readonly BatchItem[],
): Promise<ReadonlyMap<string, JobRecord>> {
  const jobIds = items.map(({ id }) => toItemJobId(batch, id));
  const rows = jobIds.length === 0 ? [] : await ledger.jobs({ jobIds });
  return new Map(rows.map((row) => [row.jobId, row]));
}

/** What became of the item, or what is to be done with it. */
function judgeItem(
  ports: BatchPorts,
  step: ReadItemsStep,
  item: BatchItem,
  row: JobRecord | undefined,
): ItemToRun | ItemResult {
  const requestHash = toRequestHash(item);
  const isOther = row !== undefined && row.requestHash !== requestHash;
  if (isOther) return toConflict(ports, step, item);
  const end = endOf(row, item.id);
  const rerun = end === undefined || !step.rerun ? undefined : toJobRerun(step.rerun, end);
  if (end !== undefined && rerun === undefined) return end;
  try {
    const { account, providerRequest, quote } = prepareRequest(ports.accounts, item.request);
    return {
      id: item.id,
      how: howOf(step, row),
      request: item.request,
      requestHash,
      currency: quote?.currency ?? null,
      summary: toStartSummary(account.name, providerRequest),
      ...(rerun === undefined ? {} : { rerun }),
    };
  } catch (error) {
    if (!isMediaJobError(error) || error.code !== 'request.invalid') throw error;
    const name = nameItem(ports, item.id, item.request.model);
    return toItemResult(ports.clock, step.batch, name, 'failed', error.toReport());
  }
}

/** A workflow that is gone is started again where the ledger holds the job open, as the sweep would: nothing is bought twice. */
function howOf({ rerun }: ReadItemsStep, row: JobRecord | undefined): ItemToRun['how'] {
  if (rerun !== undefined) {
    const isNew = row?.endedAt == null;
    return isNew && rerun.scope !== 'failed' ? 'await' : 'start_again';
  }
  return row === undefined ? 'start' : 'start_again';
}

function toConflict(
  ports: BatchPorts,
  { batch }: ReadItemsStep,
  { id, request }: BatchItem,
): ItemResult {
  const jobId = toItemJobId(batch, id);
  return toItemResult(ports.clock, batch, nameItem(ports, id, request.model), 'failed', {
    code: 'request.conflict',
    message: `job ${jobId} was started before with another request; give the item another id, or its first request`,
    details: { jobId },
  });
}

async function storeKept(
  { store }: BatchPorts,
  { batch, run, page, part }: ReadItemsStep,
  kept: readonly ItemResult[],
): Promise<void> {
  if (kept.length === 0) return;
  await publishOnce(store, toResultsKey(batch, run, page, `k${part}`), kept);
}
