import type { NativeConnection } from '@temporalio/worker';

/** Share of a budget that may be used where the queue has one partition, and where it has several and sends in bursts. */
const ONE_PARTITION = 0.9;
const SEVERAL_PARTITIONS = 0.75;

/**
 * How much of a budget per minute a task queue may spend. Temporal divides a queue's rate among its partitions, each of
 * which bursts on its own; measured, only one partition is even.
 */
export async function budgetShare(
  connection: NativeConnection,
  namespace: string,
  queue: string,
): Promise<number> {
  const answer = await connection.workflowService.listTaskQueuePartitions({
    namespace,
    taskQueue: { name: queue },
  });
  return answer.activityTaskQueuePartitions.length === 1 ? ONE_PARTITION : SEVERAL_PARTITIONS;
}
