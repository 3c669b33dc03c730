import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { ConfigError, RequestError } from './core/errors.ts';
import { prepareRequest } from './core/accounts.ts';
import type { AccountDirectory, PreparedRequest } from './core/accounts.ts';
import type { JobInput, MediaRequest, QuotedRequest } from './core/job.ts';
import { checkJobId, toWorkflowId } from './core/keys.ts';
import { createBatches } from './client/batches.ts';
import type { BatchStorage } from './client/batches.ts';
import type { PolluxBatches } from './client/batches-types.ts';
import { calling } from './client/calling.ts';
import { createJobHandle } from './client/job-handle.ts';
import type { JobHandle } from './client/job-handle.ts';
import { listJobs } from './client/list-jobs.ts';
import type { JobListFilter, JobSummary } from './client/list-jobs.ts';
import { prepareInput, startWorkflow, toRequestHash } from './client/start-job.ts';

export type { JobHandle, WatchOptions } from './client/job-handle.ts';
export type { JobListFilter, JobSummary } from './client/list-jobs.ts';

export interface ClientOptions {
  /** A connected Temporal client, bound to the namespace. */
  readonly temporal: Client;
  /** The configured accounts: what requests are checked and quoted against. */
  readonly accounts: AccountDirectory;
  /** Throws `request.invalid` for anything that is not a request. */
  readonly parseRequest: (value: unknown) => MediaRequest;
  /** Where manifests and results of batches lie: `installation.openBatchStorage()`. Without it there are no batches. */
  readonly batches?: BatchStorage;
}

export interface StartOptions {
  /** Default: random. The same id and request again attach to the first job. */
  readonly jobId?: string;
  readonly tenant?: string;
  readonly batch?: string;
  /** Start from this task, which exists already, instead of submitting. */
  readonly adoptTaskId?: string;
}

/** Starts and follows jobs. Safe to share; holds no state of its own. */
export interface PolluxClient {
  /** Checks and prices a request; sends nothing. Throws `request.invalid` naming field, value and rule. */
  quote(request: MediaRequest): QuotedRequest;
  /**
   * Starts a job, or attaches to the one that was started under this id with the same request.
   * Throws `request.invalid` before anything is sent, `request.conflict` where the id stands for another request,
   * `temporal.unavailable`. Run twice: one job.
   */
  start(request: MediaRequest, options?: StartOptions): Promise<StartedJob>;
  /** A job by its id, started or not. */
  job(jobId: string): JobHandle;
  /** Jobs that Temporal remembers, newest first. */
  list(filter?: JobListFilter): AsyncIterable<JobSummary>;
  /** Jobs by the thousand. `config.invalid` for a client that was made without {@link ClientOptions.batches}. */
  readonly batches: PolluxBatches;
}

export interface StartedJob extends JobHandle {
  /** True: the job had been started before. */
  readonly attached: boolean;
}

/**
 * Makes a client.
 *
 * @example
 * const installation = createInstallation(loadConfig());
 * const { temporal } = await connectTemporal(installation.config);
 * const client = createClient({ temporal, accounts: installation.accounts, parseRequest: parseMediaRequest });
 * const job = await client.start({ model: 'nexusflow/wan2.6-t2v', prompt: 'A harbour at dawn', durationSeconds: 5 });
 * const result = await job.result();
 * console.log(result.status, result.artifacts[0]?.url, result.cost?.micros);
 */
export function createClient(options: ClientOptions): PolluxClient {
  const { temporal, accounts, parseRequest } = options;
  return {
    quote: (request) => {
      const prepared = prepareRequest(accounts, parseRequest(request));
      return { request: prepared.request, quote: prepared.quote };
    },
    start: async (request, startOptions = {}) => {
      const jobId = checkJobId(startOptions.jobId ?? randomUUID());
      const input = toJobInput(parseRequest(request), startOptions);
      const prepared = prepareInput(accounts, input);
      const attached = await startOrAttach(temporal, jobId, input, prepared);
      return { ...createJobHandle(temporal, jobId), attached };
    },
    job: (jobId) => createJobHandle(temporal, checkJobId(jobId)),
    list: (filter = {}) => listJobs(temporal, filter),
    get batches() {
      if (options.batches === undefined) throw withoutBatches();
      return createBatches({ temporal, accounts, parseRequest, ...options.batches });
    },
  };
}

function withoutBatches(): ConfigError {
  return new ConfigError(
    'config.invalid',
    'this client was made without a storage for batches; give createClient `batches: installation.openBatchStorage()`',
  );
}

function toJobInput(request: MediaRequest, options: StartOptions): JobInput {
  const { tenant, batch, adoptTaskId } = options;
  return {
    request,
    ...(tenant === undefined ? {} : { tenant }),
    ...(batch === undefined ? {} : { batch }),
    ...(adoptTaskId === undefined ? {} : { adoptTaskId }),
  };
}

/** Returns whether the job had been started before. */
async function startOrAttach(
  temporal: Client,
  jobId: string,
  input: JobInput,
  prepared: PreparedRequest,
): Promise<boolean> {
  const isStarted = await startWorkflow(temporal, jobId, input, prepared, 'REJECT_DUPLICATE');
  if (!isStarted) await requireSameRequest(temporal, jobId, toRequestHash(input));
  return !isStarted;
}

async function requireSameRequest(
  temporal: Client,
  jobId: string,
  requestHash: string,
): Promise<void> {
  const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
  const { memo } = await calling(temporal, () => handle.describe());
  if (memo?.['requestHash'] === requestHash) return;
  throw new RequestError(
    'request.conflict',
    `job ${jobId} was started before with another request; use another job id, or repeat the first request to attach to it`,
    { details: { jobId } },
  );
}
