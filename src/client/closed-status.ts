import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type { EndStatus } from '../core/job.ts';

/** How a closed workflow ended, in our words, where it left no word of its own. */
export function toClosedStatus(name: WorkflowExecutionStatusName): EndStatus {
  if (name === 'COMPLETED') return 'succeeded';
  return name === 'CANCELLED' ? 'cancelled' : 'failed';
}
