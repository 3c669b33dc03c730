import {
  CancellationScope,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PageReport } from '../core/batch-page.ts';
import { MAX_WINDOW } from '../core/batch.ts';
import type { BatchState } from '../core/batch.ts';
import type { Decision } from '../core/job.ts';
import { toPageWorkflowId } from '../core/keys.ts';
import type { BatchRecord } from './batch-record.ts';
import { batchSteps } from './batch-steps.ts';
import { requireDecision } from './message-arguments.ts';
import {
  batchState,
  cancelBatch,
  changeBatch,
  orderPage,
  pauseBatch,
  reportPage,
  resumeBatch,
} from './messages.ts';
import type { CancelBatchRequest, ChangeBatchRequest } from './messages.ts';

/** Registers every message before the first await, so that none is lost whenever it arrives. */
export function registerBatchHandlers(record: BatchRecord): void {
  setHandler(batchState, () => record.toState(), { description: 'Where the batch stands.' });
  setHandler(reportPage, (report: PageReport) => takeReport(record, report), {
    description: 'From a page: where it stands.',
  });
  const validator = (decision: Decision): void => {
    refuseWhenOver(record);
    requireDecision(decision);
  };
  setHandler(
    pauseBatch,
    (decision) => {
      record.pause(`paused by ${decision.author}: ${decision.reason}`);
      return record.toState();
    },
    { validator, description: 'Starts no more items for now. Takes {author, reason}.' },
  );
  setHandler(
    resumeBatch,
    () => {
      record.resume();
      return record.toState();
    },
    { validator, description: 'Goes on after a pause. Takes {author, reason}.' },
  );
  setHandler(cancelBatch, (request) => stopByPerson(record, request), {
    validator,
    description:
      'Starts no more items, for good. Takes {author, reason, jobs?}; jobs: true cancels those in flight, too.',
  });
  setHandler(changeBatch, (request) => change(record, request), {
    validator: (request: ChangeBatchRequest) => {
      validator(request);
      requireChange(request);
    },
    description:
      'Changes the window or the budget. Takes {author, reason, window?, budget?: {currency, limitMicros} | null}.',
  });
  CancellationScope.current().cancelRequested.catch(() => {
    record.stop({ by: 'person', reason: 'the workflow was cancelled' });
  });
}

function takeReport(record: BatchRecord, report: PageReport): void {
  if (report.run === record.run) record.takeReport(report);
  else dismiss(report);
}

/** A page of a run that was terminated: it must not go on beside the pages of this one. */
function dismiss({ run, page }: PageReport): void {
  getExternalWorkflowHandle(toPageWorkflowId(workflowInfo().workflowId, run, page))
    .signal(orderPage, { places: 0, isStopped: true })
    .catch(() => undefined);
}

function stopByPerson(record: BatchRecord, request: CancelBatchRequest): BatchState {
  const { author, reason, jobs } = request;
  record.stop({
    by: 'person',
    reason: `cancelled by ${author}: ${reason}`,
    ...(jobs === true ? { cancelJobs: { author, reason } } : {}),
  });
  return record.toState();
}

async function change(
  record: BatchRecord,
  { window, budget }: ChangeBatchRequest,
): Promise<BatchState> {
  if (budget !== undefined) {
    await CancellationScope.nonCancellable(() =>
      batchSteps('set the budget').setBatchBudget({ batch: record.batch, budget }),
    );
  }
  if (window !== undefined) record.changeWindow(window);
  return record.toState();
}

function refuseWhenOver(record: BatchRecord): void {
  if (record.hasEnded || record.isOver) {
    throw new Error('the batch has ended, or writes its manifest; there is nothing to change');
  }
}

/** Arguments come from the UI and from other languages, so their type is a promise that nobody checked. */
function requireChange(value: unknown): void {
  const { window, budget } = value as Partial<Record<keyof ChangeBatchRequest, unknown>>;
  if (window === undefined && budget === undefined) {
    throw new Error('nothing is to be changed; send window, budget, or both');
  }
  if (window !== undefined && !isWindow(window)) {
    throw new Error(`window must be a whole number from 1 to ${MAX_WINDOW}`);
  }
  if (budget !== undefined && budget !== null && !isBudget(budget)) {
    throw new Error(
      'budget must be null or like {"currency": "USD", "limitMicros": "50000000"}, in millionths',
    );
  }
}

function isWindow(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_WINDOW;
}

function isBudget(value: unknown): boolean {
  const { currency, limitMicros } = value as { currency?: unknown; limitMicros?: unknown };
  const isCurrency = typeof currency === 'string' && /^[A-Z]{3}$/.test(currency);
  return isCurrency && typeof limitMicros === 'string' && /^[0-9]{1,16}$/.test(limitMicros);
}
