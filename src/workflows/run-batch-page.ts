import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { PageOrders, PageReport, PageTask } from '../core/batch-page.ts';
import { runItem } from './batch-item.ts';
import { BatchPageRecord, nameOfPart } from './batch-page-record.ts';
import { recordResults } from './batch-page-results.ts';
import { reportToBatch } from './batch-page-reports.ts';
import { batchSteps, longBatchSteps } from './batch-steps.ts';
import { orderPage } from './messages.ts';

/**
 * One page of a batch: starts its items as children and awaits them itself, so that every way in which a job can end
 * frees its place. Never continues as new, because a new run would not hear of its children's ends; a page is as long as
 * one history holds.
 *
 * Completes with what it has counted, also where it was stopped. Fails where its items cannot be read or its results
 * cannot be written; its jobs go on, and the page may be started again.
 */
export async function runBatchPage(task: PageTask): Promise<PageReport> {
  const page = new BatchPageRecord(task);
  registerOrders(page);
  return await CancellationScope.nonCancellable(async () => {
    await Promise.all(
      [startItems, recordResults, reportToBatch, cancelJobs].map((part) => part(page)),
    );
    await condition(allHandlersFinished);
    return page.toReport();
  });
}

function registerOrders(page: BatchPageRecord): void {
  setHandler(orderPage, (orders: PageOrders) => page.order(orders), {
    description: 'From the batch: how many jobs may be in flight.',
  });
  CancellationScope.current().cancelRequested.catch(() => page.stop());
}

/** Every place that is free is filled within the one workflow task that learns of it. */
async function startItems(page: BatchPageRecord): Promise<void> {
  while (!page.isOver) {
    while (page.mayStart) startOne(page);
    if (page.mayRead) readOn(page);
    setCurrentDetails(page.toDetails());
    await condition(() => page.mayStart || page.mayRead || page.isOver || page.hasFailed);
    page.check();
  }
}

function startOne(page: BatchPageRecord): void {
  const item = page.begin();
  if (item === undefined) return;
  runItem(page.task, item, () => page.confirmStart())
    .then((result) => page.end(item, result))
    .catch((error: unknown) => page.fail(error));
}

function readOn(page: BatchPageRecord): void {
  const from = page.next ?? 0;
  page.beginReading();
  const { batch, source, revision, page: number, run, tenant, rerun } = page.task;
  batchSteps(`items from ${from + 1} on`)
    .readItems({
      batch,
      source,
      revision,
      page: number,
      from,
      run,
      part: nameOfPart(from),
      ...(tenant === undefined ? {} : { tenant }),
      ...(rerun === undefined ? {} : { rerun }),
    })
    .then(({ items, kept, next }) => page.addItems(items, kept, next))
    .catch((error: unknown) => page.fail(error));
}

/** What is in flight when the batch is cancelled together with its jobs. */
async function cancelJobs(page: BatchPageRecord): Promise<void> {
  await condition(() => page.cancelJobs !== undefined || page.isOver || page.hasFailed);
  const decision = page.cancelJobs;
  if (decision === undefined || page.isOver || page.hasFailed) return;
  // A job that does not exist yet cannot be asked.
  await condition(() => page.starting === 0 || page.hasFailed);
  const { cancelItems } = longBatchSteps(`cancel ${page.inFlight} jobs`);
  await cancelItems({ batch: page.task.batch, items: page.items, decision });
}
