import { ConfigError } from '../core/errors.ts';
import { WORKFLOW_QUEUE } from '../core/keys.ts';
import type { TemporalAccess } from '../runtime/connection.ts';

export type QueueKind = 'workflow' | 'activity';

/** The part of Temporal's workflow service that is used here. */
interface QueueService {
  describeTaskQueue(request: {
    readonly namespace: string;
    readonly taskQueue: { readonly name: string };
    readonly taskQueueType: number;
  }): Promise<{ readonly pollers: readonly Poller[] }>;
}

interface Poller {
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
}

/** Numbers of `temporal.api.enums.v1.TaskQueueType`. */
const QUEUE_TYPES: Readonly<Record<QueueKind, number>> = { workflow: 1, activity: 2 };

/** A worker that stopped is listed for minutes; one that lives asks at least this often. Milliseconds. */
const FRESH_POLL_MS = 90_000;

/** True where some worker has asked the queue for work lately. */
export async function hasPollers(
  { connection, temporal }: TemporalAccess,
  queue: string,
  kind: QueueKind,
): Promise<boolean> {
  const service: QueueService = connection.workflowService;
  const { pollers } = await service.describeTaskQueue({
    namespace: temporal.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: QUEUE_TYPES[kind],
  });
  const oldestMs = Date.now() - FRESH_POLL_MS;
  return pollers.some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= oldestMs,
  );
}

export const NO_WORKER: string = `no worker is polling task queue ${WORKFLOW_QUEUE}: start one with \`pollux worker\``;

/** Throws `temporal.unavailable` where nobody could answer an operator's verb. */
export async function requireWorker(access: TemporalAccess): Promise<void> {
  if (!(await hasPollers(access, WORKFLOW_QUEUE, 'workflow'))) {
    throw new ConfigError('temporal.unavailable', NO_WORKER);
  }
}
