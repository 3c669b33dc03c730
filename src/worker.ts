import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions as SdkWorkerOptions } from '@temporalio/worker';
import { createActivities, createSubmitGate, createTaskDurations } from './activities/index.ts';
import type { Activities, ActivityPorts, SubmitGate } from './activities/index.ts';
import { createBatchActivities } from './activities/batch.ts';
import type { BatchActivities } from './activities/batch.ts';
import { createMaintenanceActivities } from './activities/maintenance.ts';
import type { MaintenanceActivities } from './activities/maintenance.ts';
import { createBatchRuns } from './client/batch-runs.ts';
import { createJobRuns } from './client/job-runs.ts';
import { missingSecrets } from './config.ts';
import type { Config } from './config.ts';
import { ConfigError } from './core/errors.ts';
import { toPollQueue } from './core/keys.ts';
import type { Ledger } from './core/ledger.ts';
import type { Logger } from './core/logger.ts';
import type { InspectMedia } from './core/media.ts';
import { createInstallation } from './installation.ts';
import type { Installation } from './installation.ts';
import { readPage, toResultCsv } from './manifest/index.ts';
import { inspectMedia } from './media/index.ts';
import { STALE_TEMPORARY_MS } from './maintenance/sweep.ts';
import { createMediaFetcher } from './providers/fetch-media.ts';
import { parseJobInput } from './schema/request.ts';
import { translateErrors } from './runtime/activity-interceptor.ts';
import { serveHealth } from './runtime/health.ts';
import { budgetShare } from './runtime/poll-share.ts';
import { Releases } from './runtime/releases.ts';
import { installSdkRuntime } from './runtime/sdk-runtime.ts';
import { watchTemporal } from './runtime/temporal-watch.ts';
import type { TemporalWatch } from './runtime/temporal-watch.ts';
import { registerSearchAttributes } from './runtime/search-attributes.ts';
import { ensureSweepSchedule } from './runtime/sweep-schedule.ts';
import { temporalAway, toConnectionOptions } from './runtime/connection.ts';
import { createCallbackUrls } from './webhooks/capability.ts';
import { keepHouse } from './worker/housekeeping.ts';
import {
  batchQueue,
  pollQueue,
  submitQueue,
  transferQueue,
  workflowQueue,
} from './worker/queues.ts';

/** Which queues a process serves. Without one it serves all. */
export type WorkerRole = 'workflows' | 'provider' | 'transfer';

export interface WorkerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly role?: WorkerRole;
  /** Serves `GET /health` on this loopback port. */
  readonly healthPort?: number;
  /** Serves `GET /metrics` for Prometheus on this loopback port. */
  readonly metricsPort?: number;
}

export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects where it had to stop by itself. */
  readonly done: Promise<void>;
  /** Submits nothing more, lets running steps end, then stops. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a worker and resolves once it serves its queues.
 * Throws `config.invalid` for keys that are not there, `temporal.unavailable`, `ledger.unavailable`, `storage.*`.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, logger, role } = options;
  if (role === undefined || role === 'provider') requireSecrets(config);
  const releases = new Releases(logger);
  const health: Health = { workers: [], watch: undefined, gate: createSubmitGate() };
  try {
    if (options.healthPort !== undefined) {
      const endpoint = await serveHealth(options.healthPort, () => isHealthy(health));
      releases.add('health', () => endpoint.close());
    }
    installSdkRuntime(logger, options.metricsPort);
    const connection = await connectNative(config);
    releases.add('connection', () => connection.close());
    await prepareNamespace(connection, config, logger);
    const installation = createInstallation(config);
    const ledger = await installation.openLedger();
    releases.add('ledger', () => ledger.close());
    const stopping = { value: false };
    const inspectMedia = await openInspector(installation, role, logger);
    const ports = createPorts(installation, ledger, inspectMedia, logger, stopping, health.gate);
    const removed = await ports.store.sweep(STALE_TEMPORARY_MS);
    if (removed > 0) logger.info(`removed ${removed} temporaries of transfers that never ended`);
    const { dataConverter } = installation;
    const { namespace } = config.temporal;
    const temporal = new Client({ connection, namespace, dataConverter });
    const runs = createJobRuns(temporal, installation.accounts);
    const house = await keepHouse(ports, runs);
    releases.add('housekeeping', () => house.stop());
    if (role === undefined || role === 'workflows') await ensureSweepSchedule(temporal);

    const watch = watchTemporal(connection, config.temporal.address, logger);
    releases.add('watch', async () => watch.stop());
    const activities = {
      ...createActivities(ports),
      ...createMaintenanceActivities({ ...ports, runs }),
    };
    const batches = createBatchActivities({
      ...ports,
      runs: createBatchRuns(temporal),
      readPage: (key) => readPage(ports.store, ports.sealer, key),
      toCsv: toResultCsv,
    });
    const workers = await createWorkers(installation, connection, activities, batches, role);
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
  readonly gate: SubmitGate;
}

function isHealthy({ workers, watch, gate }: Health): boolean {
  const areRunning = workers.every((worker) => worker.getState() === 'RUNNING');
  return watch?.isUp() === true && areRunning && gate.reason() === undefined;
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
  inspectMedia: InspectMedia,
  logger: Logger,
  stopping: { readonly value: boolean },
  gate: SubmitGate,
): ActivityPorts {
  return {
    accounts: installation.accounts,
    ledger,
    budgets: installation.config.budgets,
    spool: installation.openSpool(logger),
    gate,
    store: installation.openStore(),
    sealer: installation.sealer,
    fetcher: createMediaFetcher(),
    inspectMedia,
    durations: createTaskDurations({ ledger, clock: Date.now, logger }),
    ...toCallbackUrls(installation.config),
    parseJobInput,
    clock: Date.now,
    worker: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    isStopping: () => stopping.value,
    logger,
  };
}

/** Providers that take a callback URL are given one where this installation has a receiver. */
function toCallbackUrls({ callbacks }: Config): Pick<ActivityPorts, 'callbackUrls'> {
  if (callbacks === undefined) return {};
  return { callbackUrls: createCallbackUrls(callbacks.publicUrl, callbacks.secret) };
}

/** Only who stores files needs what judges them. */
async function openInspector(
  installation: Installation,
  role: WorkerRole | undefined,
  logger: Logger,
): Promise<InspectMedia> {
  const isStoring = role === undefined || role === 'transfer';
  return isStoring ? await installation.openInspector(logger) : inspectMedia;
}

async function createWorkers(
  { config, dataConverter }: Installation,
  connection: NativeConnection,
  activities: Activities & MaintenanceActivities,
  batches: BatchActivities,
  role: WorkerRole | undefined,
): Promise<Worker[]> {
  const { namespace } = config.temporal;
  const interceptors = { activity: [translateErrors] };
  const base = { connection, namespace, dataConverter, interceptors };
  const wanted: SdkWorkerOptions[] = [];
  if (role === undefined || role === 'workflows') {
    wanted.push(workflowQueue(activities), batchQueue(batches));
  }
  if (role === undefined || role === 'provider') {
    for (const account of config.accounts.values()) {
      const share = await budgetShare(connection, namespace, toPollQueue(account.name));
      wanted.push(submitQueue(account, activities, share), pollQueue(account, activities, share));
    }
  }
  if (role === undefined || role === 'transfer') wanted.push(transferQueue(activities));
  return await Promise.all(wanted.map((options) => Worker.create({ ...base, ...options })));
}
