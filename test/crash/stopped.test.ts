import type { SubmitOutcome } from '../../src/activities/index.ts';
import { until } from '../installation/until.ts';
import type { Failpoint } from './activity-process.ts';
import type { AnotherWorker } from './another-worker.ts';
import { freezeSubmit } from './freeze.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { submitOnce } from './play.ts';
import type { World } from './world.ts';
import { inWorld, JOB, LATER_MS, resultOf } from './world.ts';

const LAST_CHECK = ' sql select "submissions"';
const nothingBought: Verdict = { creates: 0, states: ['rejected'], violations: [] };
const accepted: Verdict = { creates: 1, states: ['accepted'], violations: [] };
const NOTHING_BOUGHT = { outcome: 'rejected', error: { details: { reason: 'not_sent' } } };

/** A name takes a turn to resolve, in which the process sees the signal that it was sent. */
const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

const at = (moment: string, action: Failpoint['action'], count = 1): Failpoint => ({
  activity: 'submit',
  moment,
  action,
  count,
});

it.each([
  [
    'C16 SIGTERM before the submission is armed: nothing is sent',
    at('^before sql begin', 'terminate'),
  ],
  ['C16 SIGTERM when it is armed: nothing is sent', at('^after sql commit', 'terminate')],
  ['C16 SIGTERM when it connects: nothing is sent', at('^before http connect', 'terminate')],
])('%s', (_, failpoint) =>
  inWorld({ toBaseUrl: byName }, async (world) => {
    const end = await submitOnce(world, { failpoints: [failpoint] });

    expect(resultOf(end, 'submit')).toMatchObject(NOTHING_BOUGHT);
    expect(await judge(world)).toEqual(nothingBought);
  }),
);

it('C16 SIGTERM while a POST is in flight: it ends, and its outcome is written', () =>
  inWorld({}, async (world) => {
    world.simulator.addFaults([{ operation: 'create', fault: { kind: 'slow', ms: 400 } }]);
    await world.openJob();
    const worker = await world.start([['submit', world.steps.submit(1)]]);
    await until('the create', () => world.creates().length === 1);
    worker.signal('SIGTERM');

    expect(resultOf(await worker.ended, 'submit')).toMatchObject({ outcome: 'accepted' });
    expect(await judge(world)).toEqual(accepted);
  }));

/** Freezes a worker in its submit while another one takes the submission over. */
async function freezeFor(
  world: World,
  moment: string,
  act: (worker: AnotherWorker) => Promise<SubmitOutcome>,
): Promise<{ readonly meanwhile: SubmitOutcome; readonly late: SubmitOutcome }> {
  const frozen = await freezeSubmit(world, moment);
  const meanwhile = await world.later(act);
  return { meanwhile, late: await frozen.wake() };
}

const reconcile = (worker: AnotherWorker): Promise<SubmitOutcome> => worker.reconcile(1);

it('C1 frozen before it arms and given up meanwhile: the door is closed, nothing is sent', () =>
  inWorld({}, async (world) => {
    const { meanwhile, late } = await freezeFor(world, '^before sql begin', reconcile);

    expect(meanwhile).toMatchObject(NOTHING_BOUGHT);
    expect(late).toMatchObject(NOTHING_BOUGHT);
    expect(await judge(world)).toEqual(nothingBought);
  }));

it('C2 frozen before the last check and given up meanwhile: nothing is sent', () =>
  inWorld({}, async (world) => {
    const { meanwhile, late } = await freezeFor(world, `^before${LAST_CHECK}`, reconcile);

    expect(meanwhile.outcome).toBe('unknown');
    expect(late).toMatchObject(NOTHING_BOUGHT);
    expect(await judge(world)).toEqual(nothingBought);
  }));

it('C2 frozen in the last check beyond its deadline: nothing is sent', () =>
  inWorld({ timeoutMs: 3_000 }, async (world) => {
    const { late } = await freezeFor(world, `^after${LAST_CHECK}`, async (worker) => {
      const [armed] = await world.look((ledger) => ledger.submissions(JOB));
      const deadlineMs = Date.parse(armed?.deadlineAt ?? '');
      await until('the deadline', () => Date.now() > deadlineMs);
      return await worker.reconcile(1);
    });

    expect(late).toMatchObject(NOTHING_BOUGHT);
    expect(await judge(world)).toEqual(nothingBought);
  }));

it('C2 frozen in the last check with the whole machine, whose monotonic clock stood still: nothing is sent', () =>
  inWorld({}, async (world) => {
    const frozen = await freezeSubmit(world, `^after${LAST_CHECK}`);
    await world.jumpClock(LATER_MS);

    expect(await frozen.wake()).toMatchObject(NOTHING_BOUGHT);
    expect(await judge(world)).toEqual(nothingBought);
  }));

it('C2 frozen after the last check: its one create is accepted first-hand when it wakes', () =>
  inWorld({}, async (world) => {
    const { meanwhile, late } = await freezeFor(world, '^before http send POST', reconcile);

    expect(meanwhile.outcome).toBe('unknown');
    expect(late.outcome).toBe('accepted');
    expect(await judge(world)).toEqual(accepted);
  }));

it('C4 frozen with its reply, found in the list meanwhile: the reply is the better claim', () =>
  inWorld({ provider: 'nexusflow', exclusive: true }, async (world) => {
    const { meanwhile, late } = await freezeFor(world, '^after http reply POST', reconcile);

    const [row] = await world.look((ledger) => ledger.submissions(JOB));
    expect(meanwhile.outcome).toBe('accepted');
    expect(late.outcome).toBe('accepted');
    expect(row?.source).toBe('reply');
    expect(await judge(world)).toEqual(accepted);
  }));

it('C4 frozen with its reply, resubmitted by decision: the first task is an orphan', () =>
  inWorld({}, async (world) => {
    const { late } = await freezeFor(world, '^after http reply POST', async (worker) => {
      await worker.reconcile(1);
      return await worker.resubmit(2);
    });

    const [first] = world.creates();
    const orphans = await world.look((ledger) => ledger.orphans());
    expect(late.outcome).toBe('unknown');
    expect(orphans).toMatchObject([{ taskId: first?.taskId, submission: { number: 1 } }]);
    expect(await judge(world)).toEqual({
      creates: 2,
      states: ['unknown', 'accepted'],
      violations: [],
    });
  }));
