import { startChild } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ItemToRun, PageTask } from '../core/batch-page.ts';
import type { ItemResult } from '../core/batch.ts';
import type { ErrorReport } from '../core/errors.ts';
import { toItemResult } from '../core/item-result.ts';
import type { JobInput, JobResult } from '../core/job.ts';
import { splitModel, toItemJobId, toWorkflowId, WORKFLOW_QUEUE } from '../core/keys.ts';
import { toStartPriority } from '../core/priority.ts';
import { toStartMemo, toStartValues } from '../core/start-facts.ts';
import { toErrorReport, toJobResult } from '../failures.ts';
import { batchSteps } from './batch-steps.ts';

/**
 * Runs one item's job to its end, whichever it is. Never throws for how a job ended. A job that runs already is awaited,
 * and of one that left no word of its own the ledger is asked.
 */
export async function runItem(
  task: PageTask,
  item: ItemToRun,
  confirmStart: () => void,
): Promise<ItemResult> {
  const ended = await runChild(task, item, confirmStart);
  if ('result' in ended) return { item: item.id, ...ended.result };
  return await awaitItem(task, item, ended.report);
}

type ChildEnd = { readonly result: JobResult } | { readonly report: ErrorReport | undefined };

async function runChild(
  task: PageTask,
  item: ItemToRun,
  confirmStart: () => void,
): Promise<ChildEnd> {
  if (item.how === 'await') {
    confirmStart();
    return { report: undefined };
  }
  try {
    const job = await startChild('generateMedia', toChildOptions(task, item)).finally(confirmStart);
    return { result: (await job.result()) as JobResult };
  } catch (error) {
    const result = toJobResult(error);
    if (result !== undefined) return { result: result as JobResult };
    return { report: toErrorReport(error) };
  }
}

async function awaitItem(
  task: PageTask,
  item: ItemToRun,
  report: ErrorReport | undefined,
): Promise<ItemResult> {
  const { batch } = task;
  try {
    return await batchSteps(`end of job ${toItemJobId(batch, item.id)}`).awaitItem({
      batch,
      item: item.id,
      requestHash: item.requestHash,
      model: item.request.model,
      ...(report === undefined ? {} : { report }),
    });
  } catch (error) {
    const last = toErrorReport(error);
    if (last === undefined) throw error;
    return toLostResult(task, item, last);
  }
}

/** The step that looks for an end has met a fact that no retry mends. */
function toLostResult(
  { batch }: PageTask,
  { id, request }: ItemToRun,
  error: ErrorReport,
): ItemResult {
  return toItemResult(() => Date.now(), batch, { id, model: request.model }, 'failed', error);
}

/** The same as the client gives a job that it starts. */
function toChildOptions(
  { batch, tenant }: PageTask,
  { id, how, request, requestHash, currency, summary, rerun }: ItemToRun,
): ChildWorkflowOptions & { args: [JobInput] } {
  const input: JobInput = {
    request,
    batch,
    ...(tenant === undefined ? {} : { tenant }),
    ...(rerun === undefined ? {} : { rerun }),
  };
  const whose = splitModel(request.model) ?? { account: '', model: request.model };
  return {
    workflowId: toWorkflowId(toItemJobId(batch, id)),
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
    workflowIdReusePolicy: how === 'start' ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
    parentClosePolicy: 'ABANDON',
    cancellationType: 'ABANDON',
    memo: toStartMemo(requestHash, currency),
    typedSearchAttributes: toStartValues(input, whose).map(([name, value]) => ({
      key: defineSearchAttributeKey(name, 'KEYWORD'),
      value,
    })),
    staticSummary: summary,
    priority: toStartPriority(input),
  };
}
