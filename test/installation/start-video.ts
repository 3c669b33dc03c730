import type { FaultRule } from '../../simulator/index.ts';
import type { JobHandle } from '../../src/client.ts';
import type { TestInstallation } from './installation.ts';

export interface VideoStory {
  readonly account: string;
  /** Unique: the fault strikes the create that bears it. */
  readonly prompt: string;
  /** Default: a random one. */
  readonly jobId?: string;
  /** What the job's next create meets. */
  readonly fault?: FaultRule['fault'] | undefined;
}

/** Starts a job of three seconds of video. */
export async function startVideo(
  { simulator, client }: Pick<TestInstallation, 'simulator' | 'client'>,
  { account, prompt, jobId, fault }: VideoStory,
): Promise<JobHandle> {
  if (fault !== undefined) simulator.addFaults([{ operation: 'create', match: prompt, fault }]);
  const request = { model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 };
  return await client.start(request, jobId === undefined ? {} : { jobId });
}
