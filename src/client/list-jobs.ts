import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { isEndStatus } from '../core/job.ts';
import type { JobStatus } from '../core/job.ts';
import { toWorkflowId } from '../core/keys.ts';
import { calling } from './calling.ts';
import { toClosedStatus } from './closed-status.ts';

export interface JobListFilter {
  /** `open`: without an end. */
  readonly status?: JobStatus | 'open';
  readonly account?: string;
  readonly batch?: string;
  readonly tenant?: string;
  /** Only jobs that wait for a person. */
  readonly held?: boolean;
  /** Default 100. */
  readonly limit?: number;
}

/** A job as Temporal's visibility shows it; a moment old. */
export interface JobSummary {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly account: string | null;
  /** The provider's model id. */
  readonly model: string | null;
  readonly taskId: string | null;
  readonly tenant: string | null;
  readonly batch: string | null;
  /** What it waits for a person for. */
  readonly hold: string | null;
  /** Major units; the currency is in the ledger. For reading, not for sums. */
  readonly costAmount: number | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

const DEFAULT_LIMIT = 100;

/** Jobs that Temporal remembers, newest first. `temporal.unavailable`. */
export async function* listJobs(
  temporal: Client,
  filter: JobListFilter,
): AsyncGenerator<JobSummary> {
  const limit = filter.limit ?? DEFAULT_LIMIT;
  const pages = temporal.workflow.list({ query: toQuery(filter), pageSize: Math.min(limit, 1000) });
  const iterator = pages[Symbol.asyncIterator]();
  for (let count = 0; count < limit; count += 1) {
    const next = await calling(temporal, () => iterator.next());
    if (next.done === true) return;
    if (next.value.workflowId.startsWith(toWorkflowId(''))) yield toSummary(next.value);
  }
}

function toQuery(filter: JobListFilter): string {
  const { status, account, batch, tenant, held } = filter;
  const clauses = ["WorkflowType = 'generateMedia'"];
  if (status === 'open') clauses.push("ExecutionStatus = 'Running'");
  else if (status !== undefined) clauses.push(`JobStatus = ${quote(status)}`);
  if (account !== undefined) clauses.push(`Account = ${quote(account)}`);
  if (batch !== undefined) clauses.push(`BatchId = ${quote(batch)}`);
  if (tenant !== undefined) clauses.push(`Tenant = ${quote(tenant)}`);
  if (held === true) clauses.push("Hold IS NOT NULL AND ExecutionStatus = 'Running'");
  return clauses.join(' AND ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function toSummary(info: WorkflowExecutionInfo): JobSummary {
  const attributes = new Map(
    info.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
  );
  const text = (name: string): string | null => {
    const value = attributes.get(name);
    return typeof value === 'string' ? value : null;
  };
  const amount = attributes.get('CostAmount');
  return {
    jobId: info.workflowId.slice(toWorkflowId('').length),
    status: toStatus(info, text('JobStatus')),
    account: text('Account'),
    model: text('Model'),
    taskId: text('ProviderTaskId'),
    tenant: text('Tenant'),
    batch: text('BatchId'),
    hold: text('Hold'),
    costAmount: typeof amount === 'number' ? amount : null,
    startedAt: info.startTime.toISOString(),
    finishedAt: info.closeTime?.toISOString() ?? null,
  };
}

/** A workflow that was terminated never changed its own attribute: how it closed decides. */
function toStatus(info: WorkflowExecutionInfo, shown: string | null): JobStatus {
  const status = (shown ?? 'opening') as JobStatus;
  if (info.status.name === 'RUNNING' || isEndStatus(status)) return status;
  return toClosedStatus(info.status.name);
}
