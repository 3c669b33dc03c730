import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { PageEnd, RunBatchInput } from '../core/batch-page.ts';
import type { BatchState } from '../core/batch.ts';
import {
  BATCH_QUEUE,
  BATCH_TASK_TIMEOUT_MS,
  toBatchName,
  toBatchWorkflowId,
  toPageWorkflowId,
} from '../core/keys.ts';
import { toKeyword } from '../core/search-attributes.ts';
import { registerBatchHandlers } from './batch-handlers.ts';
import type { OpenPage } from './batch-open-page.ts';
import { BatchRecord } from './batch-record.ts';
import { batchSteps, longBatchSteps } from './batch-steps.ts';
import { orderPage } from './messages.ts';
import type { runBatchPage } from './run-batch-page.ts';

/** Each page costs the history up to some hundred events; the next run begins with none. */
const PAGES_PER_RUN = 8;
/** A page that is lost so often has a cause that starting it again does not mend. */
const MOST_LOSSES = 3;

/**
 * A manifest of items, each of which becomes a job: started page by page, so many in flight at once, and reported in one
 * output manifest. Holds counters, never items.
 *
 * Completes with its state, whatever became of its items. Jobs that were started outlive it.
 */
export async function runBatch(input: RunBatchInput): Promise<BatchState> {
  const record = new BatchRecord(nameBatch(input), input);
  registerBatchHandlers(record);
  record.show();
  return await CancellationScope.nonCancellable(async () => {
    if (input.carried === undefined) await setBudget(record);
    watchRules(record);
    for (const page of record.pages) if (!page.isLost) void awaitPage(record, page);
    await startPages(record);
    const ending = await longBatchSteps('write the output manifest').finishBatch({
      batch: record.batch,
      source: input.manifest.batch ?? input.batch,
      manifest: input.manifest,
      run: record.run,
      reason: record.toState().reason,
    });
    await condition(allHandlersFinished);
    return record.end(ending);
  });
}

/** A schedule starts one manifest as many batches: each has the name of its workflow, so that its jobs are its own. */
function nameBatch({ batch }: RunBatchInput): string {
  const { workflowId } = workflowInfo();
  return workflowId.startsWith(toBatchWorkflowId('')) ? toBatchName(workflowId) : batch;
}

async function setBudget({ batch, input: { budget } }: BatchRecord): Promise<void> {
  if (budget === undefined) return;
  await batchSteps('set the budget').setBatchBudget({ batch, budget });
}

/** The server asks the ledger again and again, without history, until the rule is broken. */
function watchRules(record: BatchRecord): void {
  const above = record.input.stop?.unknownAbove;
  if (above === undefined || record.isStopped) return;
  batchSteps(`stop above ${above} unknown submissions`)
    .watchUnknown({ batch: record.batch, above })
    .then(({ unknown }) => {
      const reason = `${unknown} submissions are unknown, more than ${above}`;
      record.stop({ by: 'rule', reason });
    })
    .catch(() => undefined);
}

async function startPages(record: BatchRecord): Promise<void> {
  let started = 0;
  while (!record.isOver) {
    tellPages(record);
    if (record.mayStartPage) {
      if (started >= PAGES_PER_RUN || workflowInfo().continueAsNewSuggested) {
        await moveOn(record);
      } else {
        started += 1;
        void runPage(record, record.takePage());
      }
    }
    await condition(() => record.isOver || record.mayStartPage || hasOrders(record));
  }
}

/** Between two pages: those that run still are awaited from outside by the next run. */
async function moveOn(record: BatchRecord): Promise<void> {
  await condition(allHandlersFinished);
  await continueAsNew<typeof runBatch>(record.carry());
}

function hasOrders(record: BatchRecord): boolean {
  return record.pages.some((page) => record.ordersFor(page) !== undefined);
}

/** One signal at a time for each page: what changes while it is on its way comes together with the next. */
function tellPages(record: BatchRecord): void {
  for (const page of record.pages) {
    const orders = record.ordersFor(page);
    if (orders === undefined) continue;
    page.isBeingTold = true;
    page.told = orders;
    getExternalWorkflowHandle(workflowIdOf(page))
      .signal(orderPage, orders)
      // A page that has closed is told nothing; whoever awaits it hears of its end.
      .catch(() => undefined)
      .finally(() => {
        page.isBeingTold = false;
      });
  }
}

function workflowIdOf({ task }: OpenPage): string {
  return toPageWorkflowId(task.parentId, task.run, task.page);
}

async function runPage(record: BatchRecord, page: OpenPage): Promise<void> {
  const { task } = page;
  const { pages } = record.input.manifest;
  try {
    const child = await startChild<typeof runBatchPage>('runBatchPage', {
      workflowId: workflowIdOf(page),
      taskQueue: BATCH_QUEUE,
      workflowTaskTimeout: BATCH_TASK_TIMEOUT_MS,
      args: [task],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      parentClosePolicy: 'ABANDON',
      cancellationType: 'ABANDON',
      typedSearchAttributes: [
        {
          key: defineSearchAttributeKey('BatchId', 'KEYWORD'),
          value: toKeyword(record.batch),
        },
      ],
      staticSummary: `page ${task.page + 1} of ${pages} of batch ${record.batch}`,
    });
    page.canHear = true;
    record.endPage(page, await child.result());
  } catch {
    // It ran already, or closed without a result: the server tells how.
    await awaitPage(record, page);
  }
}

async function awaitPage(record: BatchRecord, page: OpenPage): Promise<void> {
  page.canHear = true;
  const end = await batchSteps(`end of page ${page.task.page + 1}`)
    .awaitPage({ workflowId: workflowIdOf(page) })
    .catch((): PageEnd => ({ kind: 'lost', how: 'its end cannot be read' }));
  if (end.kind === 'ended') record.endPage(page, end.report);
  else record.losePage(page, end.how, MOST_LOSSES);
}
