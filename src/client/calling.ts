import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { ConfigError, RequestError, unknownNamespace } from '../core/errors.ts';

const CALL_DEADLINE_MS = 10_000;
/** gRPC status codes that say the server, not the call, is at fault. */
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/**
 * One call to Temporal with a deadline, its errors in our words: `temporal.unavailable` for a server that does not answer,
 * `request.invalid` for a workflow it does not know. Everything else passes.
 */
export async function calling<T>(
  temporal: Client,
  call: () => Promise<T>,
  deadlineMs: number = CALL_DEADLINE_MS,
): Promise<T> {
  try {
    return await temporal.withDeadline(Date.now() + deadlineMs, call);
  } catch (error) {
    if (isAway(error)) {
      throw new ConfigError(
        'temporal.unavailable',
        'Temporal does not answer; jobs that were started go on when it is back. Is the server running?',
        { cause: error },
      );
    }
    if (error instanceof NamespaceNotFoundError) {
      throw unknownNamespace(temporal.options.namespace, error);
    }
    if (error instanceof WorkflowNotFoundError) {
      const jobId = error.workflowId.replace(/^job\//, '');
      throw new RequestError(
        'request.invalid',
        `jobId (${JSON.stringify(jobId)}): Temporal knows no such job, it has ended, or it is forgotten`,
        {
          details: { issues: [{ field: 'jobId', rule: 'must be an open job' }] },
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** True for errors that say Temporal cannot be reached right now. */
export function isAway(error: unknown): boolean {
  return hasStatus(error, UNAVAILABLE) || hasStatus(error, DEADLINE_EXCEEDED);
}

/** True where a call ran into its deadline: the server, or the worker that must answer through it, kept silent. */
export function isUnanswered(error: unknown): boolean {
  return hasStatus(error, DEADLINE_EXCEEDED);
}

function hasStatus(error: unknown, status: number): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === status) return true;
  }
  return false;
}
