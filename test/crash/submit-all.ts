import type { SubmitOutcome } from '../../src/activities/index.ts';
import type { SubmissionRecord } from '../../src/core/ledger.ts';
import type { ActivityCall } from './activity-process.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import type { World } from './world.ts';

/** What came of the create of one job, and of the job in the end. */
export interface Case {
  readonly outcome: SubmitOutcome;
  /** Right after the create. */
  readonly row: SubmissionRecord;
  /** After another worker has done all that may be done. */
  readonly verdict: Verdict;
}

/**
 * Opens as many jobs as there are names, submits one after the other in the same process, and goes on with each
 * afterwards. All are open before the first is refused, so that no refusal keeps another from its POST.
 */
export async function submitAll(
  world: World,
  names: readonly string[],
): Promise<Map<string, Case>> {
  const calls: readonly ActivityCall[] = [
    ...names.map((jobId) => ['openJob', world.stepsOf(jobId).openJob(1)] as const),
    ...names.map((jobId) => ['submit', world.stepsOf(jobId).submit(1)] as const),
  ];
  const { activities, stderr } = await world.run(calls);
  const outcomes = activities.filter(({ name }) => name === 'submit');
  const cases = new Map<string, Case>();
  for (const [index, jobId] of names.entries()) {
    const outcome = outcomes[index]?.result as SubmitOutcome | undefined;
    const [row] = await world.look((ledger) => ledger.submissions(jobId));
    if (outcome === undefined || row === undefined) throw new Error(`${jobId}: ${stderr}`);
    await goOnWith(world, jobId, outcome);
    cases.set(jobId, { outcome, row, verdict: await judge(world, jobId) });
  }
  return cases;
}

async function goOnWith(world: World, jobId: string, { outcome }: SubmitOutcome): Promise<void> {
  await world.later(
    async (worker) => {
      if (outcome === 'unknown') await worker.reconcile(1);
      await worker.submit(2);
    },
    { jobId },
  );
}

export function take(cases: ReadonlyMap<string, Case>, jobId: string): Case {
  const found = cases.get(jobId);
  if (found === undefined) throw new Error(`no case ${jobId}`);
  return found;
}

export const SUBMITTED_AGAIN: Verdict = {
  creates: 1,
  states: ['rejected', 'accepted'],
  violations: [],
};
export function held(creates: number): Verdict {
  return { creates, states: ['unknown'], violations: [] };
}
