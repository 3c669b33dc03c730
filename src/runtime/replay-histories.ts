import type { DataConverter } from '@temporalio/common';
import type { temporal as protocol } from '@temporalio/proto';
import type { Logger } from '../core/logger.ts';
import { toWorkflowId } from '../core/keys.ts';
import { workflowBundlePath } from './workflow-bundle.ts';

export interface RecordedHistory {
  readonly jobId: string;
  readonly history: protocol.api.history.v1.IHistory;
}

export interface ReplayOptions {
  /** The installation's own: what is encrypted in a history must be read. */
  readonly dataConverter: DataConverter;
  readonly logger: Logger;
}

const MAX_FAILURE_LENGTH = 300;

/** Says of each history whether this release's workflow code replays it. Needs no server. */
export async function* replayHistories(
  histories: AsyncIterable<RecordedHistory>,
  { dataConverter, logger }: ReplayOptions,
): AsyncGenerator<{ readonly jobId: string; readonly failure?: string }> {
  // The native core takes longer to load than most commands take to run.
  const [{ Worker }, { installSdkRuntime }] = await Promise.all([
    import('@temporalio/worker'),
    import('./sdk-runtime.ts'),
  ]);
  installSdkRuntime(logger);
  const options = { workflowBundle: { codePath: workflowBundlePath() }, dataConverter };
  for await (const { workflowId, error } of Worker.runReplayHistories(
    options,
    toReplayed(histories),
  )) {
    const jobId = workflowId.slice(toWorkflowId('').length);
    yield { jobId, ...(error === undefined ? {} : { failure: toFirstLine(error.message) }) };
  }
}

/** What follows is a stack, and what a message quotes is the job's own. */
function toFirstLine(message: string): string {
  return (message.split(/\r?\n|\\n/)[0] ?? '').slice(0, MAX_FAILURE_LENGTH);
}

async function* toReplayed(
  histories: AsyncIterable<RecordedHistory>,
): AsyncGenerator<{ workflowId: string; history: protocol.api.history.v1.IHistory }> {
  for await (const { jobId, history } of histories) {
    yield { workflowId: toWorkflowId(jobId), history };
  }
}
