import type { SubmitOutcome } from '../../src/activities/index.ts';
import type { ActivityCall, ProcessEnd } from './activity-process.ts';
import type { World } from './world.ts';
import { inWorld } from './world.ts';

const JOBS = Array.from({ length: 10 }, (_, index) => `race-${index}`);
const FIRST_START_MS = 2_500;
const BETWEEN_STARTS_MS = 40;

const toCalls = (world: World, startMs: number): readonly ActivityCall[] => [
  ...JOBS.map((jobId): ActivityCall => ['openJob', world.stepsOf(jobId).openJob(1)]),
  ...JOBS.map((jobId, index): ActivityCall => {
    const step = world.stepsOf(jobId).submit(1);
    return ['submit', { ...step, atMs: startMs + index * BETWEEN_STARTS_MS }];
  }),
];

const outcomesOf = ({ activities }: ProcessEnd): readonly string[] =>
  activities
    .filter(({ name }) => name === 'submit')
    .map(({ result, error }) => error?.code ?? (result as SubmitOutcome).outcome);

it('F20 two workers submit the same jobs at the same moments: one POST each', () =>
  inWorld({}, async (world) => {
    const calls = toCalls(world, Date.now() + FIRST_START_MS);
    const ends = await Promise.all([world.run(calls), world.run(calls)]);

    const [one = [], other = []] = ends.map(outcomesOf);
    const winners = JOBS.map((_, index) => [one[index], other[index]].sort());
    const rows = await world.look((ledger) => ledger.allSubmissions({}));
    expect(JOBS.map((jobId) => world.creates(jobId).length)).toEqual(JOBS.map(() => 1));
    expect(rows.map(({ state }) => state)).toEqual(JOBS.map(() => 'accepted'));
    expect(new Set(rows.map(({ taskId }) => taskId)).size).toBe(JOBS.length);
    // The one that came late is told nothing, or the other's task.
    for (const pair of winners) {
      expect([
        ['accepted', 'accepted'],
        ['accepted', 'unknown'],
      ]).toContainEqual(pair);
    }
  }));
