import type { Config } from '../config.ts';
import {
  BATCH_QUEUE,
  toPollQueue,
  toSubmitQueue,
  TRANSFER_QUEUE,
  WORKFLOW_QUEUE,
} from '../core/keys.ts';
import { missingSearchAttributes } from '../runtime/search-attributes.ts';
import type { TemporalAccess } from '../runtime/connection.ts';
import { connectTemporal } from '../runtime/connection.ts';
import type { Check } from './checks.ts';
import { attempt } from './checks.ts';
import type { QueueKind } from './workers.ts';
import { hasPollers } from './workers.ts';

/** Server, namespace, search attributes, partitions and pollers. Ends at the first that the others depend on. */
export async function* checkTemporal(config: Config): AsyncGenerator<Check> {
  const { address, namespace } = config.temporal;
  let access: TemporalAccess | undefined;
  yield await attempt('Temporal', async () => {
    access = await connectTemporal(config);
    const { serverVersion } = await access.connection.workflowService.getSystemInfo({});
    return `server ${serverVersion} answers at ${address}`;
  });
  if (access === undefined) return;
  try {
    const found = await checkNamespace(access, namespace);
    yield found;
    if (found.outcome !== 'ok') return;
    yield await checkAttributes(access, namespace);
    yield await checkPartitions(access, config);
    yield* checkPollers(access, config);
  } finally {
    await access.close();
  }
}

async function checkNamespace({ connection }: TemporalAccess, namespace: string): Promise<Check> {
  try {
    const answer = await connection.workflowService.describeNamespace({ namespace });
    const seconds = Number(answer.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    const message = `${namespace} exists; closed jobs stay for ${String(Math.round(seconds / 3600))} h`;
    return { name: 'namespace', outcome: 'ok', message };
  } catch {
    return {
      name: 'namespace',
      outcome: 'problem',
      message: `${namespace} does not exist or cannot be read`,
      advice: `create it: temporal operator namespace create --namespace ${namespace}`,
      code: 'config.invalid',
    };
  }
}

async function checkAttributes({ connection }: TemporalAccess, namespace: string): Promise<Check> {
  const name = 'search attributes';
  const check = await attempt(name, async () => {
    const missing = await missingSearchAttributes(connection, namespace);
    return missing.join(', ');
  });
  if (check.outcome !== 'ok') return check;
  if (check.message === '') return { name, outcome: 'ok', message: 'all are registered' };
  return {
    name,
    outcome: 'problem',
    message: `not registered: ${check.message}`,
    advice: 'run `pollux setup`',
    code: 'config.invalid',
  };
}

/** With more than one partition the server deals a queue's rate out in bursts. */
async function checkPartitions({ connection }: TemporalAccess, config: Config): Promise<Check> {
  const name = 'partitions';
  const counts = new Map<string, number>();
  try {
    for (const account of config.accounts.keys()) {
      for (const queue of [toSubmitQueue(account), toPollQueue(account)]) {
        const answer = await connection.workflowService.listTaskQueuePartitions({
          namespace: config.temporal.namespace,
          taskQueue: { name: queue },
        });
        counts.set(queue, answer.activityTaskQueuePartitions.length);
      }
    }
  } catch {
    return { name, outcome: 'notice', message: 'this server does not tell how many there are' };
  }
  const split = [...counts].filter(([, count]) => count > 1);
  if (split.length === 0) return { name, outcome: 'ok', message: 'one for each limited queue' };
  return {
    name,
    outcome: 'problem',
    message: split.map(([queue, count]) => `${queue} has ${String(count)}`).join(', '),
    advice:
      'set matching.numTaskqueueReadPartitions and matching.numTaskqueueWritePartitions to 1 in the server’s dynamic configuration',
    code: 'config.invalid',
  };
}

async function* checkPollers(access: TemporalAccess, config: Config): AsyncGenerator<Check> {
  const queues: (readonly [string, QueueKind])[] = [
    [WORKFLOW_QUEUE, 'workflow'],
    [BATCH_QUEUE, 'workflow'],
    [TRANSFER_QUEUE, 'activity'],
  ];
  for (const account of config.accounts.keys()) {
    queues.push([toSubmitQueue(account), 'activity'], [toPollQueue(account), 'activity']);
  }
  const unpolled: string[] = [];
  for (const [queue, kind] of queues) {
    if (!(await hasPollers(access, queue, kind))) unpolled.push(queue);
  }
  const name = 'workers';
  if (unpolled.length === 0) {
    yield { name, outcome: 'ok', message: `all ${String(queues.length)} queues are polled` };
    return;
  }
  yield {
    name,
    outcome: 'problem',
    message: `nobody polls ${unpolled.join(', ')}`,
    advice: 'start a worker: pollux worker',
    code: 'temporal.unavailable',
  };
}
