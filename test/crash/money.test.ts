import type { AcceptedTask } from '../../src/activities/index.ts';
import type { JobResult } from '../../src/core/job.ts';
import { ACCOUNT } from './account.ts';
import { accept, entryKinds, killAt } from './after-acceptance.ts';
import { judge } from './judge.ts';
import { submitOnce } from './play.ts';
import type { StepOf } from './steps.ts';
import { inWorld, JOB, resultOf } from './world.ts';

const QUOTE = {
  currency: 'USD',
  micros: '350000',
  basis: '1 item × 350000 micros/item',
  priceSource: 'contract 2026-10',
  estimated: false,
};

describe('recordCost', () => {
  const toStep = (task: AcceptedTask): StepOf<'recordCost'> => ({
    jobId: JOB,
    number: 1,
    task,
    quote: QUOTE,
    end: { status: 'succeeded', providerStatus: 'completed' },
  });

  it.each([
    ['C12 killed before the charge is committed: charged once', '^before sql commit'],
    ['C13 killed after the charge is committed: charged once', '^after sql commit'],
  ])('%s', (_, moment) =>
    inWorld({}, async (world) => {
      const step = toStep(await accept(world));
      await killAt(world, ['recordCost', step], { moment });
      const booked = await world.later((worker) => worker.recordCost(step));

      expect(booked).toMatchObject({
        kind: 'booked',
        cost: { currency: 'USD', micros: '350000', state: 'charged' },
      });
      expect(await entryKinds(world)).toEqual(['reserve', 'charge']);
      expect(await world.look((ledger) => ledger.placesTaken(ACCOUNT))).toBe(0);
      expect((await judge(world)).violations).toEqual([]);
    }),
  );

  it('C12 C5 the acceptance was in the spool only: written with the charge', () =>
    inWorld({}, async (world) => {
      const refused = {
        moment: '^before sql begin',
        count: 2,
        activity: 'submit',
        action: 'fail',
      } as const;
      const submitted = await submitOnce(world, { failpoints: [refused] });
      const step = toStep(resultOf(submitted, 'submit') as AcceptedTask);
      await killAt(world, ['recordCost', step], { moment: '^before sql commit', count: 2 });
      await world.later(async (worker) => {
        await worker.recordCost(step);
        await worker.drainSpool();
      });

      expect(await entryKinds(world)).toEqual(['reserve', 'charge']);
      expect(await judge(world)).toEqual({ creates: 1, states: ['accepted'], violations: [] });
    }));
});

describe('closeJob', () => {
  const toStamp = (time: string): string => `2026-11-21T${time}:00.000Z`;
  const toResult = (finishedAt: string): JobResult => ({
    jobId: JOB,
    status: 'failed',
    account: ACCOUNT,
    provider: 'rixapi',
    model: 'kling-v2',
    taskId: null,
    submissions: 1,
    polls: 0,
    artifacts: [],
    cost: null,
    error: { code: 'provider.submit_unknown', message: 'nobody can tell', details: {} },
    hold: null,
    startedAt: '2026-11-21T12:00:00.000Z',
    finishedAt,
  });

  it.each([
    ['I6 killed before the end of a job is committed: ended by the next run', '^before', '12:02'],
    ['I6 killed after the end of a job is committed: the first end stands', '^after', '12:01'],
  ])('%s', (_, moment, endedAt) =>
    inWorld({}, async (world) => {
      await world.openJob();
      const toStep = (time: string): StepOf<'closeJob'> => ({ result: toResult(toStamp(time)) });
      await killAt(world, ['closeJob', toStep('12:01')], { moment: `${moment} sql commit` });
      const result = await world.later((worker) => worker.closeJob(toStep('12:02')));

      expect(result).toEqual(toResult(toStamp(endedAt)));
      expect(await entryKinds(world)).toEqual(['reserve', 'release']);
      expect(await world.look((ledger) => ledger.placesTaken(ACCOUNT))).toBe(0);
    }),
  );
});
