import { sleep } from '@temporalio/workflow';
import type { AcceptedTask } from '../activities/index.ts';
import type { TaskOutput } from '../core/provider.ts';
import { toEarlyEnd } from '../failures.ts';
import type { JobRecord } from './job-record.ts';
import { followStep } from './steps.ts';

const FRESH_READING_MS = 60_000;
/** A result host may lag behind its API: the second try comes after a pause. */
const MIN_PAUSE_MS = 2_000;

/**
 * One fresh reading of a succeeded task, for its outputs; `undefined` where it told nothing. The task said `succeeded`
 * before; asking as if it were running makes any answer news.
 */
export async function readAgain(
  record: JobRecord,
  number: number,
  { operation }: AcceptedTask,
): Promise<readonly TaskOutput[] | undefined> {
  const { plan, facts, jobId } = record;
  await sleep(Math.max(MIN_PAUSE_MS, plan.timing.minPollSeconds * 1000), {
    summary: 'before the task is read again',
  });
  try {
    const answer = await followStep(plan, {
      lifeMs: FRESH_READING_MS,
      urgency: { priorityKey: 1 },
      summary: 'a fresh reading of the outputs',
    }).followTask({
      jobId,
      number,
      account: plan.account,
      operation,
      known: { status: 'running', trouble: null },
      reading: plan.reading,
      armedAtMs: Date.now(),
      isAnnounced: false,
      lifeEndsAtMs: Date.now() + FRESH_READING_MS,
      polls: facts.polls,
      notBeforeMs: 0,
      once: true,
    });
    record.update({ polls: Math.max(answer.polls, record.facts.polls) });
    return answer.kind === 'changed' ? answer.snapshot.outputs : undefined;
  } catch (error) {
    if (toEarlyEnd(error) === undefined) throw error;
    return undefined;
  }
}
