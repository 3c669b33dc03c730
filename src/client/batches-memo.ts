import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { RunBatchInput } from '../core/batch-page.ts';

/** What a batch can be run again with. */
export type BatchPlan = Pick<RunBatchInput, 'batch' | 'manifest' | 'window' | 'tenant' | 'stop'>;

/** The memo of a batch's workflow. Wire format. */
export function toBatchMemo(input: BatchPlan): Record<string, unknown> {
  const { batch, manifest, window, tenant, stop } = input;
  return {
    plan: {
      batch,
      manifest,
      window,
      ...(tenant === undefined ? {} : { tenant }),
      ...(stop === undefined ? {} : { stop }),
    },
  };
}

/** What the batch was started with; `undefined` for one that something else than this client has started. */
export function readPlan({
  memo,
}: Pick<WorkflowExecutionDescription, 'memo'>): BatchPlan | undefined {
  return memo?.['plan'] as BatchPlan | undefined;
}
