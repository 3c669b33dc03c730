import type { Client } from '@temporalio/client';
import { ConfigError, RequestError } from '../core/errors.ts';
import { calling, isUnanswered } from './calling.ts';

/** An update waits for a worker: one that died keeps its workflows for some seconds. */
const UPDATE_DEADLINE_MS = 45_000;

/** Sends an update. A validator's refusal is the caller's business and says why: `request.invalid`. `temporal.unavailable`. */
export async function updateWorkflow<T>(temporal: Client, run: () => Promise<T>): Promise<T> {
  try {
    return await calling(temporal, run, UPDATE_DEADLINE_MS);
  } catch (error) {
    if (isUnanswered(error)) throw noWorker(error);
    if (error instanceof Error && error.name === 'WorkflowUpdateFailedError') {
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      throw new RequestError('request.invalid', reason, { cause: error });
    }
    throw error;
  }
}

function noWorker(cause: unknown): ConfigError {
  const seconds = UPDATE_DEADLINE_MS / 1000;
  return new ConfigError(
    'temporal.unavailable',
    `no worker took the request within ${seconds} s; start one with \`pollux worker\`: the request may still arrive then`,
    { cause },
  );
}
