import fc from 'fast-check';
import { toWorkflowId } from '../../src/core/keys.ts';
import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { check } from './world/check.ts';
import type { Fault, PostFate } from './world/faults.ts';
import { atEffects } from './world/faults.ts';
import { live } from './world/stories.ts';
import type { Story } from './world/stories.ts';
import { World } from './world/world.ts';

const SEED = Number(process.env['POLLUX_SEED'] ?? Date.now() % 1_000_000);
const RUNS = 600;
const LONGEST_MS = 120_000;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

interface Submission {
  readonly account: 'main' | 'second';
  readonly startAfterMs: number;
  readonly fate: PostFate;
  /** How long the list does not show its task. */
  readonly listLagMs: number;
  /** What an operator decides about it, and when, if it is held then. */
  readonly decision: {
    readonly kind: 'abandon' | 'resubmit' | 'cancel';
    readonly atMs: number;
  } | null;
}

const submission: fc.Arbitrary<Submission> = fc.record({
  account: fc.constantFrom('main', 'second'),
  startAfterMs: fc.integer({ min: 0, max: 4_000 }),
  fate: fc.constantFrom(
    'accepted',
    'accepted',
    'accepted',
    'accepted',
    'accepted, reply lost',
    'accepted, connection reset',
    'accepted, server error',
    'accepted, reply cut before the id',
    'accepted late',
    'lost on the way',
    'hangs for ever',
    'server error',
  ),
  listLagMs: fc.constantFrom(0, 2_000, 40_000, 90_000),
  decision: fc.option(
    fc.record({
      kind: fc.constantFrom('abandon', 'resubmit', 'cancel'),
      atMs: fc.integer({ min: 40_000, max: 500_000 }),
    }),
  ),
});

const when: fc.Arbitrary<'before' | 'after'> = fc.constantFrom('before', 'after');
const pause = fc.record({
  forMs: fc.integer({ min: 1_000, max: 300_000 }),
  stopsClock: fc.boolean(),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('crash' as const), when }),
  fc.constant<Fault>({ kind: 'crash', when: 'during' }),
  fc.constant<Fault>({ kind: 'unavailable', when: 'after' }),
  fc.constant<Fault>({ kind: 'lose' }),
  fc.record({
    kind: fc.constant('delay' as const),
    when,
    forMs: fc.integer({ min: 1, max: 40_000 }),
  }),
  fc.record({ kind: fc.constant('freeze' as const), when, pause }),
);

const faults = fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), fault), { maxLength: 4 });

/** Submissions of one model in one exclusive realm whose list is all there is to tell whose a task is. */
function worldOf(
  submissions: readonly Submission[],
  points: readonly (readonly [number, Fault])[],
): World {
  const account = { realm: 'realm', api: 'lists', exclusive: true, places: 10 } as const;
  const policy = { onUnknown: 'hold', maxResubmits: 0 } as const;
  const fates = submissions.map(({ fate }) => fate);
  return new World({
    seed: submissions.length,
    accounts: [
      { name: 'main', ...account, ...policy },
      { name: 'second', ...account, ...policy },
    ],
    jobs: submissions.map((one, index) => ({
      jobId: `job-${index}`,
      input: { request: { model: `${one.account}/video` } },
      startAfterMs: one.startAfterMs,
    })),
    hosts: 2,
    faults: () =>
      atEffects({ points: new Map(points), isHeartbeatDelivered: false, fates, outages: [] }),
    quietAfterMs: 500_000,
    areFaultsLasting: true,
    isWireJson: false,
    maxTravelMs: 20,
    listPageSize: 100,
    script: ({ jobId }) => ({
      end: 'succeeded',
      runsForMs: 10_000,
      outputs: 1,
      seconds: 5,
      readLagMs: 0,
      listLagMs: submissions[Number(jobId.slice('job-'.length))]?.listLagMs ?? 0,
    }),
    arrange: (world) => decideAll(world, submissions),
  });
}

function decideAll(world: World, submissions: readonly Submission[]): void {
  for (const [index, { decision }] of submissions.entries()) {
    if (decision === null) continue;
    const workflowId = toWorkflowId(`job-${index}`);
    const author = { author: 'ada', reason: 'it is enough' };
    world.time.after(decision.atMs, () => {
      const number = world.stateOf(`job-${index}`)?.hold?.number ?? 1;
      if (decision.kind === 'cancel') world.server.update(workflowId, 'cancelJob', [author]);
      else {
        const request = { number, [decision.kind]: true, ...author };
        world.server.update(workflowId, 'resolveSubmission', [request]);
      }
    });
  }
}

it(
  'submissions of one model that are armed or unknown at once never adopt each other’s task',
  async () => {
    const several = fc.array(submission, { minLength: 2, maxLength: 4 });
    let adopted = 0;
    await fc.assert(
      fc.asyncProperty(several, faults, async (submissions, points) => {
        const world = worldOf(submissions, points);
        const violations = check(world, await world.run());
        adopted += world.book.allSubmissions().filter((row) => row.source === 'list').length;
        world.time.clear();
        expect(violations).toEqual([]);
      }),
      { seed: SEED, numRuns: RUNS },
    );

    expect(adopted).toBeGreaterThan(RUNS / 20);
  },
  LONGEST_MS,
);

it(
  'a task that appears while reconcile stands still between two of its looks is not adopted by the wrong job',
  async () => {
    const lost: Submission = {
      account: 'main',
      startAfterMs: 0,
      fate: 'lost on the way',
      listLagMs: 0,
      decision: null,
    };
    const broken: string[] = [];
    for (const startAfterMs of [61_000, 66_000, 71_000]) {
      const rival: Submission = { ...lost, startAfterMs, fate: 'accepted, reply lost' };
      for (let index = 0; index < 60; index += 1) {
        const delay: Fault = { kind: 'delay', when: 'before', forMs: 14_000 };
        const world = worldOf([lost, rival], [[index, delay]]);
        const violations = check(world, await world.run());
        world.time.clear();
        broken.push(...violations.map(({ what }) => `${world.effects[index] ?? ''}: ${what}`));
      }
    }

    expect(broken).toEqual([]);
  },
  LONGEST_MS,
);

it(
  'a list that was read long ago proves no absence',
  async () => {
    const story: Story = {
      name: 'the POST is accepted late, and the list shows it in time',
      api: 'lists in time',
      fates: ['accepted late'],
      timing: { settleSeconds: 10, listSettleSeconds: 150 },
    };
    const { effects } = await live(story, { points: new Map() });
    const broken: string[] = [];
    for (const index of effects.keys()) {
      // Nobody else is there who would adopt the task meanwhile.
      const pause = { forMs: 200_000, stopsClock: false };
      const points = new Map<number, Fault>([[index, { kind: 'freeze', when: 'before', pause }]]);
      broken.push(...(await live(story, { points })).broken);
    }

    expect(broken).toEqual([]);
  },
  LONGEST_MS,
);
