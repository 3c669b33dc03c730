import { Context } from '@temporalio/activity';
import type { PageEnd } from '../core/batch-page.ts';
import type { ItemResult } from '../core/batch.ts';
import { awaitItem } from './batch-await-item.ts';
import type { AwaitItemStep } from './batch-await-item.ts';
import { awaitPage } from './batch-await-page.ts';
import type { AwaitPageStep } from './batch-await-page.ts';
import { cancelItems } from './batch-cancel-items.ts';
import type { CancelItemsStep } from './batch-cancel-items.ts';
import { finishBatch } from './batch-finish.ts';
import type { FinishBatchStep, FinishedBatch } from './batch-finish.ts';
import type { BatchPorts } from './batch-ports.ts';
import { readItems } from './batch-read-items.ts';
import type { ItemsRead, ReadItemsStep } from './batch-read-items.ts';
import { recordItems } from './batch-record-items.ts';
import type { ItemsRecorded, RecordItemsStep } from './batch-record-items.ts';
import { setBatchBudget, watchUnknown } from './batch-rules.ts';
import type { BatchBudgetStep, UnknownFound, WatchUnknownStep } from './batch-rules.ts';

export type { BatchPorts } from './batch-ports.ts';

/** The effects of a batch, each safe to run twice as its own documentation says. Names are wire format. */
export interface BatchActivities {
  readonly readItems: (step: ReadItemsStep) => Promise<ItemsRead>;
  readonly awaitItem: (step: AwaitItemStep) => Promise<ItemResult>;
  readonly recordItems: (step: RecordItemsStep) => Promise<ItemsRecorded>;
  readonly cancelItems: (step: CancelItemsStep) => Promise<void>;
  readonly awaitPage: (step: AwaitPageStep) => Promise<PageEnd>;
  readonly watchUnknown: (step: WatchUnknownStep) => Promise<UnknownFound>;
  readonly setBatchBudget: (step: BatchBudgetStep) => Promise<void>;
  readonly finishBatch: (step: FinishBatchStep) => Promise<FinishedBatch>;
}

/** Binds the activities to their ports. What Temporal tells an activity is read here and nowhere else. */
export function createBatchActivities(ports: BatchPorts): BatchActivities {
  const attempt = (): number => Context.current().info.attempt;
  const signal = (): AbortSignal => Context.current().cancellationSignal;
  const heartbeat = (details: unknown): void => Context.current().heartbeat(details);
  return {
    readItems: (step) => readItems(ports, step),
    awaitItem: (step) => awaitItem(ports, step, attempt()),
    recordItems: (step) => recordItems(ports, step),
    cancelItems: (step) => cancelItems(ports, step, heartbeat, signal()),
    awaitPage: (step) => awaitPage(ports, step, attempt()),
    watchUnknown: (step) => watchUnknown(ports, step),
    setBatchBudget: (step) => setBatchBudget(ports, step),
    finishBatch: (step) => finishBatch(ports, step, heartbeat, signal()),
  };
}
