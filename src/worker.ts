import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions as SdkWorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import type { Activities, ActivityPorts } from './activities/index.ts';
import { missingSecrets } from './config.ts';
import type { Config } from './config.ts';
import type { Account } from './core/account.ts';
import { DEFAULT_TIMING } from './core/account.ts';
import { ConfigError } from './core/errors.ts';
import { toPollQueue, toSubmitQueue, TRANSFER_QUEUE, WORKFLOW_QUEUE } from './core/keys.ts';
import type { Ledger } from './core/ledger.ts';
import type { Logger } from './core/logger.ts';
import { createInstallation } from './installation.ts';
import type { Installation } from './installation.ts';
import { inspectMedia } from './media/index.ts';
import { createMediaFetcher } from './providers/fetch-media.ts';
import { parseJobInput } from './schema/request.ts';
import { translateErrors } from './runtime/activity-interceptor.ts';
import { serveHealth } from './runtime/health.ts';
import { budgetShare } from './runtime/poll-share.ts';
import { Releases } from './runtime/releases.ts';
import { installSdkRuntime } from './runtime/sdk-runtime.ts';
import { watchTemporal } from './runtime/temporal-watch.ts';
import type { TemporalWatch } from './runtime/temporal-watch.ts';
import { workflowBundlePath } from './runtime/workflow-bundle.ts';
import { registerSearchAttributes } from './runtime/search-attributes.ts';
import { temporalAway, toConnectionOptions } from './runtime/connection.ts';

/** Which queues a process serves. Without one it serves all. */
export type WorkerRole = 'workflows' | 'provider' | 'transfer';

export interface WorkerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly role?: WorkerRole;
  /** Serves `GET /health` on this loopback port. */
  readonly healthPort?: number;
}

export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects where it had to stop by itself. */
  readonly done: Promise<void>;
  /** Submits nothing more, lets running steps end, then stops. Safe to call twice. */
  stop(): Promise<void>;
}

/** What a step may still take after the signal, beside a POST's own deadline. Milliseconds. */
const GRACE_MS = 10_000;
const FORCE_AFTER_MS = 5_000;
const STALE_TEMPORARY_MS = 24 * 3_600_000;

/**
 * Starts a worker and resolves once it serves its queues.
 * Throws `config.invalid` for keys that are not there, `temporal.unavailable`, `ledger.unavailable`, `storage.*`.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, logger, role } = options;
  if (role === undefined || role === 'provider') requireSecrets(config);
  const releases = new Releases(logger);
  const health: Health = { workers: [], watch: undefined };
  try {
    if (options.healthPort !== undefined) {
      const endpoint = await serveHealth(options.healthPort, () => isHealthy(health));
      releases.add('health', () => endpoint.close());
    }
    installSdkRuntime(logger);
    const connection = await connectNative(config);
    releases.add('connection', () => connection.close());
    await prepareNamespace(connection, config, logger);
    const installation = createInstallation(config);
    const ledger = await installation.openLedger();
    releases.add('ledger', () => ledger.close());
    const stopping = { value: false };
    const ports = createPorts(installation, ledger, logger, stopping);
    const removed = await ports.store.sweep(STALE_TEMPORARY_MS);
    if (removed > 0) logger.info(`removed ${removed} temporaries of transfers that never ended`);

    const watch = watchTemporal(connection, config.temporal.address, logger);
    releases.add('watch', async () => watch.stop());
    const workers = await createWorkers(config, connection, createActivities(ports), role);
    health.workers = workers;
    health.watch = watch;
    return run(workers, releases, stopping);
  } catch (error) {
    await releases.run();
    throw error;
  }
}

interface Health {
  workers: readonly Worker[];
  watch: TemporalWatch | undefined;
}

function isHealthy({ workers, watch }: Health): boolean {
  const areRunning = workers.every((worker) => worker.getState() === 'RUNNING');
  return watch?.isUp() === true && areRunning;
}

function run(
  workers: readonly Worker[],
  releases: Releases,
  stopping: { value: boolean },
): RunningWorker {
  const shutdown = (): void => {
    stopping.value = true;
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      shutdown();
      throw error;
    }),
  );
  const done = Promise.allSettled(runs).then(async (ends) => {
    await releases.run();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  });
  return {
    done,
    stop: async () => {
      shutdown();
      await done;
    },
  };
}

function requireSecrets(config: Config): void {
  const missing = missingSecrets(config);
  if (missing.length > 0) throw new ConfigError('config.invalid', missing.join('\n'));
}

async function connectNative(config: Config): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(toConnectionOptions(config.temporal));
  } catch (error) {
    throw temporalAway(config.temporal.address, error);
  }
}

/** An attribute that is not registered would stop every workflow task, so a worker never starts without them. */
async function prepareNamespace(
  connection: NativeConnection,
  { temporal }: Config,
  logger: Logger,
): Promise<void> {
  const registered = await registerSearchAttributes(connection, temporal.namespace);
  if (registered.length > 0) logger.info(`registered search attributes: ${registered.join(', ')}`);
}

function createPorts(
  installation: Installation,
  ledger: Ledger,
  logger: Logger,
  stopping: { readonly value: boolean },
): ActivityPorts {
  return {
    accounts: installation.accounts,
    ledger,
    store: installation.openStore(),
    fetcher: createMediaFetcher(),
    inspectMedia,
    parseJobInput,
    clock: Date.now,
    worker: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    isStopping: () => stopping.value,
    logger,
  };
}

async function createWorkers(
  config: Config,
  connection: NativeConnection,
  activities: Activities,
  role: WorkerRole | undefined,
): Promise<Worker[]> {
  const { namespace } = config.temporal;
  const base = { connection, namespace, interceptors: { activity: [translateErrors] } };
  const wanted: SdkWorkerOptions[] = [];
  if (role === undefined || role === 'workflows') wanted.push(workflowQueue(activities));
  if (role === undefined || role === 'provider') {
    for (const account of config.accounts.values()) {
      const share = await budgetShare(connection, namespace, toPollQueue(account.name));
      wanted.push(submitQueue(account, activities, share), pollQueue(account, activities, share));
    }
  }
  if (role === undefined || role === 'transfer') wanted.push(transferQueue(activities));
  return await Promise.all(wanted.map((options) => Worker.create({ ...base, ...options })));
}

function workflowQueue({
  openJob,
  recordCost,
  adjustCost,
  closeJob,
}: Activities): SdkWorkerOptions {
  return {
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: { codePath: workflowBundlePath() },
    activities: { openJob, recordCost, adjustCost, closeJob },
    // How long the jobs of a worker that died wait for it before another takes them.
    stickyQueueScheduleToStartTimeout: '5 seconds',
    ...shutdownTimes(GRACE_MS),
  };
}

/** A POST in flight is never cut off: the grace outlasts its deadline. */
function submitQueue(account: Account, { submit }: Activities, share: number): SdkWorkerOptions {
  const timeoutSeconds = account.timing.submitTimeoutSeconds ?? DEFAULT_TIMING.submitTimeoutSeconds;
  return {
    taskQueue: toSubmitQueue(account.name),
    activities: { submit },
    maxTaskQueueActivitiesPerSecond: (account.limits.submitsPerMinute / 60) * share,
    maxConcurrentActivityTaskExecutions: 50,
    maxConcurrentActivityTaskPolls: 2,
    ...shutdownTimes(timeoutSeconds * 1000 + GRACE_MS),
  };
}

function pollQueue(
  account: Account,
  { followTask, reconcile, cancelTask }: Activities,
  share: number,
): SdkWorkerOptions {
  return {
    taskQueue: toPollQueue(account.name),
    activities: { followTask, reconcile, cancelTask },
    maxTaskQueueActivitiesPerSecond: (account.limits.pollsPerMinute / 60) * share,
    maxConcurrentActivityTaskExecutions: 50,
    maxConcurrentActivityTaskPolls: 2,
    ...shutdownTimes(GRACE_MS),
  };
}

function transferQueue({ storeArtifact }: Activities): SdkWorkerOptions {
  return {
    taskQueue: TRANSFER_QUEUE,
    activities: { storeArtifact },
    maxConcurrentActivityTaskExecutions: 8,
    maxConcurrentActivityTaskPolls: 2,
    ...shutdownTimes(GRACE_MS),
  };
}

function shutdownTimes(
  graceMs: number,
): Pick<SdkWorkerOptions, 'shutdownGraceTime' | 'shutdownForceTime'> {
  return { shutdownGraceTime: graceMs, shutdownForceTime: graceMs + FORCE_AFTER_MS };
}
