import type { Client } from '@temporalio/client';
import { createClient } from '../../src/client.ts';
import type { PolluxClient } from '../../src/client.ts';
import { toWorkflowId } from '../../src/core/keys.ts';
import { createInstallation } from '../../src/installation.ts';
import { parseMediaRequest } from '../../src/schema/request.ts';
import { ACCOUNT, engineConfig, MODEL } from './config.ts';
import { OPPONENT_QUEUES } from './opponent-queues.ts';
import type { JobShape } from './shape.ts';
import { toPrompt } from './shape.ts';

/** `floor`: three activities and no readings. `loop`: a timer and an activity for every reading. */
export type SideName = 'ours' | 'loop' | 'floor';

export const SIDE_NAMES: readonly SideName[] = ['ours', 'loop', 'floor'];

/** Starts one job of a side; its workflow id is what is returned. */
export type StartJob = (jobId: string, shape: JobShape) => Promise<string>;

export function createStarts(
  temporal: Client,
  address: string,
): Readonly<Record<SideName, StartJob>> {
  const { accounts } = createInstallation(engineConfig(address));
  const pollux = createClient({ temporal, accounts, parseRequest: parseMediaRequest });
  const startOpponent =
    (workflow: 'timerLoop' | 'floor'): StartJob =>
    async (jobId, shape) => {
      const options = {
        workflowId: jobId,
        taskQueue: OPPONENT_QUEUES.workflows,
        args: [jobId, shape],
      };
      await temporal.workflow.start(workflow, options);
      return jobId;
    };
  return {
    ours: (jobId, shape) => startOurs(pollux, jobId, shape),
    loop: startOpponent('timerLoop'),
    floor: startOpponent('floor'),
  };
}

async function startOurs(pollux: PolluxClient, jobId: string, shape: JobShape): Promise<string> {
  const request = { model: `${ACCOUNT}/${MODEL}`, prompt: toPrompt(shape), durationSeconds: 5 };
  await pollux.start(request, { jobId });
  return toWorkflowId(jobId);
}
