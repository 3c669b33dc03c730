import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.ts';
import type { MaintenanceActivities } from '../../src/activities/maintenance.ts';
import { SILENT } from '../../src/core/logger.ts';
import { createInstallation } from '../../src/installation.ts';
import { translateErrors } from '../../src/runtime/activity-interceptor.ts';
import { toConnectionOptions } from '../../src/runtime/connection.ts';
import { installSdkRuntime } from '../../src/runtime/sdk-runtime.ts';
import { pollQueue, submitQueue, transferQueue, workflowQueue } from '../../src/worker/queues.ts';
import { serveQuestions } from '../bench-process.ts';
import { ACCOUNT, engineConfig } from './config.ts';
import { noOpActivities } from './no-op-activities.ts';
import { opponentActivities } from './opponent-activities.ts';
import { OPPONENT_QUEUES } from './opponent-queues.ts';

/** The worker of one side, in a process of its own so that its CPU time can be told from the others'. */

export interface WorkerQuestion {
  readonly address: string;
  /** False: the worker of the opponents. */
  readonly isOurs: boolean;
}

/** What keeps one share of a queue's rate from the benchmark: nothing. */
const WHOLE_SHARE = 1;

let workers: readonly Worker[] = [];
let connection: NativeConnection | undefined;
let runs: Promise<unknown> = Promise.resolve();

async function open({ address, isOurs }: WorkerQuestion): Promise<object> {
  installSdkRuntime(SILENT);
  const config = engineConfig(address);
  connection = await NativeConnection.connect(toConnectionOptions(config.temporal));
  const base = { connection, namespace: config.temporal.namespace };
  const wanted = isOurs ? ourQueues(address) : await opponentQueues(address);
  workers = await Promise.all(wanted.map((options) => Worker.create({ ...base, ...options })));
  runs = Promise.all(workers.map((worker) => worker.run()));
  return {};
}

serveQuestions(
  (question) => open(question as WorkerQuestion),
  async () => {
    for (const worker of workers) worker.shutdown();
    await runs;
    await connection?.close();
  },
);

/** As production serves them, with activities that do nothing. */
function ourQueues(address: string): readonly WorkerOptions[] {
  const { dataConverter } = createInstallation(engineConfig(address));
  const interceptors = { activity: [translateErrors] };
  const { workflows, ...others } = queueOptions(address);
  return [workflows, ...Object.values(others)].map((options) => ({
    ...options,
    dataConverter,
    interceptors,
  }));
}

/** The options of our own queues, which are the opponents', too. */
function queueOptions(
  address: string,
): Readonly<Record<keyof typeof OPPONENT_QUEUES, WorkerOptions>> {
  const account = engineConfig(address).accounts.get(ACCOUNT);
  if (account === undefined) throw new TypeError('the configuration lacks its account');
  return {
    workflows: workflowQueue(allActivities),
    submit: submitQueue(account, noOpActivities, WHOLE_SHARE),
    poll: pollQueue(account, noOpActivities, WHOLE_SHARE),
    transfer: transferQueue(noOpActivities),
  };
}

const allActivities: Activities & MaintenanceActivities = {
  ...noOpActivities,
  sweep: async () => {
    throw new Error('nothing sweeps in the benchmark');
  },
};

async function opponentQueues(address: string): Promise<readonly WorkerOptions[]> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./opponent-workflows.js', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const { workflows, ...others } = queueOptions(address);
  return [
    {
      ...workflows,
      taskQueue: OPPONENT_QUEUES.workflows,
      workflowBundle: { code },
      activities: opponentActivities,
    },
    ...(['submit', 'poll', 'transfer'] as const).map((name) => ({
      ...others[name],
      taskQueue: OPPONENT_QUEUES[name],
      activities: opponentActivities,
    })),
  ];
}
