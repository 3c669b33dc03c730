import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createBatchActivities } from '../../src/activities/batch.ts';
import type { BatchActivities } from '../../src/activities/batch.ts';
import { createBatchRuns } from '../../src/client/batch-runs.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { SILENT } from '../../src/core/logger.ts';
import { createInstallation } from '../../src/installation.ts';
import type { Installation } from '../../src/installation.ts';
import { readPage, toResultCsv } from '../../src/manifest/index.ts';
import { translateErrors } from '../../src/runtime/activity-interceptor.ts';
import { toConnectionOptions } from '../../src/runtime/connection.ts';
import { installSdkRuntime } from '../../src/runtime/sdk-runtime.ts';
import {
  batchQueue,
  pollQueue,
  submitQueue,
  transferQueue,
  workflowQueue,
} from '../../src/worker/queues.ts';
import { serveQuestions } from '../bench-process.ts';
import { noOpActivities } from '../engine/no-op-activities.ts';
import { batchConfig } from './config.ts';

/** The worker of both sides: production's queues and batches, and jobs whose effects answer at once. */

export interface WorkerQuestion {
  readonly address: string;
  /** Of ledger and store. */
  readonly directory: string;
}

const WHOLE_SHARE = 1;

let workers: readonly Worker[] = [];
let runs: Promise<unknown> = Promise.resolve();
let ledger: Ledger | undefined;
let connection: NativeConnection | undefined;

async function open({ address, directory }: WorkerQuestion): Promise<object> {
  installSdkRuntime(SILENT);
  const installation = createInstallation(batchConfig(address, directory));
  const { config, dataConverter } = installation;
  const { namespace } = config.temporal;
  ledger = await installation.openLedger();
  connection = await NativeConnection.connect(toConnectionOptions(config.temporal));
  const temporal = new Client({ connection, namespace, dataConverter });
  const base = {
    connection,
    namespace,
    dataConverter,
    interceptors: { activity: [translateErrors] },
  };
  const wanted = queueOptions(installation, openBatches(installation, ledger, temporal));
  workers = await Promise.all(wanted.map((options) => Worker.create({ ...base, ...options })));
  runs = Promise.all(workers.map((worker) => worker.run()));
  return {};
}

serveQuestions(
  (question) => open(question as WorkerQuestion),
  async () => {
    for (const worker of workers) worker.shutdown();
    await runs;
    await ledger?.close();
    await connection?.close();
  },
);

function openBatches(
  installation: Installation,
  openLedger: Ledger,
  temporal: Client,
): BatchActivities {
  const { accounts, sealer } = installation;
  const store = installation.openStore();
  return createBatchActivities({
    accounts,
    ledger: openLedger,
    store,
    clock: Date.now,
    logger: SILENT,
    runs: createBatchRuns(temporal),
    readPage: (key) => readPage(store, sealer, key),
    toCsv: toResultCsv,
  });
}

function queueOptions(
  { config }: Installation,
  batches: BatchActivities,
): readonly WorkerOptions[] {
  const sweep = async (): Promise<never> => {
    throw new Error('nothing sweeps in the benchmark');
  };
  return [
    workflowQueue({ ...noOpActivities, sweep }),
    batchQueue(batches),
    transferQueue(noOpActivities),
    ...[...config.accounts.values()].flatMap((account) => [
      submitQueue(account, noOpActivities, WHOLE_SHARE),
      pollQueue(account, noOpActivities, WHOLE_SHARE),
    ]),
  ];
}
