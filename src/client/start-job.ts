import { createHash } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { prepareAdoption, prepareRequest } from '../core/accounts.ts';
import type { AccountDirectory, PreparedRequest } from '../core/accounts.ts';
import { ConfigError } from '../core/errors.ts';
import type { JobInput } from '../core/job.ts';
import { toWorkflowId, WORKFLOW_QUEUE } from '../core/keys.ts';
import { toStartPriority } from '../core/priority.ts';
import { toRequestText } from '../core/request-text.ts';
import { toStartMemo, toStartSummary } from '../core/start-facts.ts';
import { calling } from './calling.ts';
import { toStartAttributes } from './start-attributes.ts';

/** Which closed runs of the same job a new one may follow. */
export type ReusePolicy = 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY';

/** Checks and prices what a job is started with. Throws `request.invalid`. */
export function prepareInput(accounts: AccountDirectory, input: JobInput): PreparedRequest {
  const prepare = input.adoptTaskId === undefined ? prepareRequest : prepareAdoption;
  return prepare(accounts, input.request);
}

/** Hex SHA-256 of what the job id stands for. */
export function toRequestHash(input: JobInput): string {
  return createHash('sha256').update(toRequestText(input)).digest('hex');
}

/**
 * Starts the workflow of a job. False: a run of this id is open, or has closed in a way that the policy does not replace.
 * Throws `temporal.unavailable`, `config.invalid` for a namespace that was not set up.
 */
export async function startWorkflow(
  temporal: Client,
  jobId: string,
  input: JobInput,
  prepared: PreparedRequest,
  workflowIdReusePolicy: ReusePolicy,
): Promise<boolean> {
  const options: WorkflowStartOptions = {
    workflowId: toWorkflowId(jobId),
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
    workflowIdReusePolicy,
    workflowIdConflictPolicy: 'FAIL',
    memo: toStartMemo(toRequestHash(input), prepared.quote?.currency ?? null),
    typedSearchAttributes: toStartAttributes(input, prepared),
    staticSummary: toStartSummary(prepared.account.name, prepared.providerRequest),
    priority: toStartPriority(input),
  };
  try {
    await calling(temporal, () => temporal.workflow.start('generateMedia', options));
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw orNotSetUp(error);
  }
}

/** `config.invalid` in place of the server's refusal of a namespace that was not set up; any other error as it is. */
export function orNotSetUp(error: unknown): unknown {
  return isUnregisteredAttribute(error) ? notSetUp(error) : error;
}

/** The server answers InvalidArgument (gRPC code 3) for a search attribute that the namespace does not know. */
function isUnregisteredAttribute(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === 3 && 'details' in current) {
      return /search attribute/i.test(String(current.details));
    }
  }
  return false;
}

function notSetUp(cause: unknown): ConfigError {
  return new ConfigError(
    'config.invalid',
    "the namespace does not know Pollux's search attributes; run `pollux setup` once",
    { cause },
  );
}
