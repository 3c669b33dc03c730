import type { SubmitOutcome } from '../../src/activities/index.ts';
import type { Failpoint } from './activity-process.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { play, playKilled, submitOnce } from './play.ts';
import type { World, WorldOptions } from './world.ts';
import { inWorld, LATER_MS } from './world.ts';

const NEXUSFLOW: WorldOptions = { provider: 'nexusflow' };
const EXCLUSIVE: WorldOptions = { provider: 'nexusflow', exclusive: true };

/** The reply takes its time, so that a process that is killed after its request has not read it. */
const SLOW = { operation: 'create', fault: { kind: 'slow', ms: 300 } } as const;

/** Of the transactions of a submit, the first arms its row and the second writes its outcome. */
const kill = (moment: string, count = 1): Failpoint => ({
  moment,
  count,
  activity: 'submit',
  action: 'kill',
});

/** The ledger does not take the outcome, and does not say why: the spool gets it at once. */
const OUTCOME_REFUSED: Failpoint = {
  moment: '^before sql begin',
  count: 2,
  activity: 'submit',
  action: 'fail',
};

const held = (creates: number): Verdict => ({ creates, states: ['unknown'], violations: [] });
const accepted: Verdict = { creates: 1, states: ['accepted'], violations: [] };

async function expectOutcome(
  world: World,
  outcome: SubmitOutcome,
  expected: SubmitOutcome['outcome'],
  verdict: Verdict,
): Promise<void> {
  const found = await judge(world);

  expect(found).toEqual(verdict);
  expect(outcome.outcome).toBe(expected);
}

it.each([
  ['C1 killed before the commit that admits: opened again, one create', '^before sql commit'],
  ['C1 killed after the commit that admits: opened again, one create', '^after sql commit'],
])('%s', (_, moment) =>
  inWorld({}, async (world) => {
    const failpoints = [{ moment, activity: 'openJob', action: 'kill' }] as const;
    const first = await world.run([['openJob', world.steps.openJob(1)]], { failpoints });
    const { outcome } = await play(world);

    expect(first.signal).toBe('SIGKILL');
    await expectOutcome(world, outcome, 'accepted', accepted);
  }),
);

it('C1 killed before the commit that arms: proved not sent, sent as the second', () =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill('^before sql commit')]);

    await expectOutcome(world, outcome, 'rejected', {
      creates: 1,
      states: ['rejected', 'accepted'],
      violations: [],
    });
  }));

it.each([
  ['C2 killed after the commit that arms: held, nothing was bought', '^after sql commit'],
  ['C2 killed when it connects: held, nothing was bought', '^before http connect'],
  ['C2 killed before the last check: held, nothing was bought', '^before sql select "submissions"'],
  ['C2 killed after the last check: held, nothing was bought', '^after sql select "submissions"'],
  ['C2 killed before the first byte: held, nothing was bought', '^before http send'],
])('%s', (_, moment) =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill(moment)]);

    await expectOutcome(world, outcome, 'unknown', held(0));
  }),
);

it('C2 killed before the first byte, in a realm whose list is empty: held', () =>
  inWorld(EXCLUSIVE, async (world) => {
    const outcome = await playKilled(world, [kill('^before http send POST')]);

    await expectOutcome(world, outcome, 'unknown', held(0));
  }));

it('C3 killed after the POST and before the reply, without a list: held', () =>
  inWorld({}, async (world) => {
    world.simulator.addFaults([SLOW]);
    const outcome = await playKilled(world, [kill('^after http send POST')]);

    await expectOutcome(world, outcome, 'unknown', held(1));
  }));

it('C3 killed after the POST and before the reply, in an exclusive realm: adopted', () =>
  inWorld(EXCLUSIVE, async (world) => {
    world.simulator.addFaults([SLOW]);
    const outcome = await playKilled(world, [kill('^after http send POST')]);

    await expectOutcome(world, outcome, 'accepted', accepted);
  }));

it('C3 killed after the POST, in a shared realm: held, with the task as candidate', () =>
  inWorld(NEXUSFLOW, async (world) => {
    world.simulator.addFaults([SLOW]);
    const outcome = await playKilled(world, [kill('^after http send POST')]);

    const [create] = world.creates();
    expect(outcome).toMatchObject({ evidence: { candidates: [{ taskId: create?.taskId }] } });
    await expectOutcome(world, outcome, 'unknown', held(1));
  }));

it('C3 killed when the head of the reply is read: held', () =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill('^after http reply head POST')]);

    await expectOutcome(world, outcome, 'unknown', held(1));
  }));

it('C4 killed when the reply is read, before any heartbeat: held', () =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill('^after http reply POST')], true);

    await expectOutcome(world, outcome, 'unknown', held(1));
  }));

it('C4 killed before the outcome is committed, its heartbeat delivered: adopted', () =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill('^before sql commit', 2)], true);

    await expectOutcome(world, outcome, 'accepted', accepted);
  }));

it('C4 killed before the outcome is committed, its heartbeat lost: held', () =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [kill('^before sql commit', 2)]);

    await expectOutcome(world, outcome, 'unknown', held(1));
  }));

it('C4 killed before the outcome is committed, in an exclusive realm: adopted', () =>
  inWorld(EXCLUSIVE, async (world) => {
    const outcome = await playKilled(world, [kill('^before sql commit', 2)]);

    await expectOutcome(world, outcome, 'accepted', accepted);
  }));

it.each([
  ['C5 killed before the fsync of its spooled record: held', '^before file sync .*spool'],
  ['C5 killed before its spooled record has its name: held', '^before file rename .*spool'],
])('%s', (_, moment) =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [OUTCOME_REFUSED, kill(moment)]);

    await expectOutcome(world, outcome, 'unknown', held(1));
  }),
);

it.each([
  ['C5 killed when its spooled record has its name: read from there', '^after file rename .*spool'],
  ['C5 killed once the spool has it: read from there', '^after file sync .*spool$'],
])('%s', (_, moment) =>
  inWorld({}, async (world) => {
    const outcome = await playKilled(world, [OUTCOME_REFUSED, kill(moment)]);

    await expectOutcome(world, outcome, 'accepted', accepted);
  }),
);

it('C5 another host reconciles before the spool is drained: held until then', () =>
  inWorld({}, async (world) => {
    const spooled = [OUTCOME_REFUSED, kill('^after file sync .*spool$')];
    await submitOnce(world, { failpoints: spooled });
    const outcome = await world.later((worker) => worker.reconcile(1), { isElsewhere: true });
    const before = await judge(world);
    await world.later((worker) => worker.drainSpool());

    expect(before).toEqual(held(1));
    await expectOutcome(world, outcome, 'unknown', accepted);
  }));

it.each([
  ['C5 killed in the drain before its commit: drained again', '^before sql commit'],
  ['C5 killed in the drain before it drops the record: drained again', '^after sql commit'],
])('%s', (_, moment) =>
  inWorld({}, async (world) => {
    await submitOnce(world, { failpoints: [OUTCOME_REFUSED] });
    const drain = await world.run([['drainSpool', {}]], {
      failpoints: [{ moment, activity: 'drainSpool', action: 'kill' }],
    });
    const drained = await world.later((worker) => worker.drainSpool());

    expect(drain.signal).toBe('SIGKILL');
    expect(drained).toBe(1);
    expect(await judge(world)).toEqual(accepted);
  }),
);

it('C6 killed after the outcome is committed: adopted without asking the provider', () =>
  inWorld(EXCLUSIVE, async (world) => {
    const outcome = await playKilled(world, [kill('^after sql commit', 2)]);

    const [create] = world.creates();
    const calls = world.simulator.log().filter(({ kind }) => kind === 'read' || kind === 'list');
    expect(calls.filter(({ seq }) => seq > (create?.seq ?? 0))).toEqual([]);
    await expectOutcome(world, outcome, 'accepted', accepted);
  }));

it('nothing befalls the process: accepted, and nothing more is bought', () =>
  inWorld({}, async (world) => {
    const { outcome } = await play(world);

    await expectOutcome(world, outcome, 'accepted', accepted);
  }));

it.each([
  ['C3 killed in reconcile before it commits what the list shows', '^before sql commit'],
  ['C3 killed in reconcile after it commits what the list shows', '^after sql commit'],
])('%s: reconciled again, one create', (_, moment) =>
  inWorld(EXCLUSIVE, async (world) => {
    await submitOnce(world, { failpoints: [kill('^after http send POST')] });
    const reconcile = ['reconcile', world.steps.reconcile(1)] as const;
    // Its first transaction gives the submission up as unknown, the second adopts.
    const failpoints = [{ activity: 'reconcile', moment, count: 2, action: 'kill' }] as const;
    const { signal } = await world.run([reconcile], { failpoints, clockAheadMs: LATER_MS });
    const outcome = await world.later((worker) => worker.reconcile(1));

    expect(signal).toBe('SIGKILL');
    await expectOutcome(world, outcome, 'accepted', accepted);
  }),
);
