import { DatabaseSync } from '@photostructure/sqlite';
import type { SubmitOutcome } from '../../src/activities/index.ts';
import { startPostgres } from '../installation/postgres.ts';
import { freezeSubmit } from './freeze.ts';
import type { FrozenSubmit } from './freeze.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { goOn } from './play.ts';
import type { World, WorldOptions } from './world.ts';
import { inWorld } from './world.ts';

/** Where a submit stands when its ledger goes away. */
const PHASES = {
  'before it is armed': '^before activity submit',
  'between arming and the last check': '^before http connect',
  'between the POST and its reply': '^after http send POST',
  'between the reply and the ledger': '^after http reply POST',
} as const;

type Phase = keyof typeof PHASES;

interface Case {
  /** What the workflow is told. */
  readonly outcome: SubmitOutcome;
  /** How many records the spool held when the ledger came back. */
  readonly drained: number;
  readonly verdict: Verdict;
}

type Cases = ReadonlyMap<Phase, Case>;

/** A lost ledger is given up in a moment, so that the submit has its time for other things. */
const IMPATIENT = { lockWaitMs: 200 };

/** Takes the ledger away from a submit at each of its phases, until the submit has ended. */
async function loseLedger(
  openWorlds: (act: (worlds: ReadonlyMap<Phase, World>) => Promise<void>) => Promise<void>,
  takeAway: (worlds: readonly World[]) => Promise<() => Promise<void>>,
): Promise<Cases> {
  const cases = new Map<Phase, Case>();
  await openWorlds(async (worlds) => {
    const frozen = new Map<Phase, FrozenSubmit>();
    for (const [phase, world] of worlds) {
      frozen.set(phase, await freezeSubmit(world, PHASES[phase], IMPATIENT));
    }
    const giveBack = await takeAway([...worlds.values()]);
    const outcomes = new Map(
      await Promise.all(
        [...frozen].map(async ([phase, submit]) => [phase, await submit.wake()] as const),
      ),
    );
    await giveBack();
    for (const [phase, world] of worlds) {
      const outcome = outcomes.get(phase);
      if (outcome === undefined) throw new Error(`nothing came of the submit ${phase}`);
      const drained = await world.later(async (worker) => {
        const count = await worker.drainSpool();
        await goOn(worker);
        return count;
      });
      cases.set(phase, { outcome, drained, verdict: await judge(world) });
    }
  });
  return cases;
}

async function inWorlds(
  toOptions: () => Promise<WorldOptions>,
  act: (worlds: ReadonlyMap<Phase, World>) => Promise<void>,
): Promise<void> {
  const worlds = new Map<Phase, World>();
  const open = async ([phase, ...rest]: readonly Phase[]): Promise<void> => {
    if (phase === undefined) {
      await act(worlds);
      return;
    }
    await inWorld(await toOptions(), async (world) => {
      worlds.set(phase, world);
      await open(rest);
    });
  };
  await open(Object.keys(PHASES) as Phase[]);
}

function take(cases: Cases, phase: Phase): Case {
  const found = cases.get(phase);
  if (found === undefined) throw new Error(`no case ${phase}`);
  return found;
}

function expectNoPost({ outcome, drained, verdict }: Case): void {
  expect(outcome).toMatchObject({
    outcome: 'rejected',
    error: { details: { reason: 'not_sent' } },
  });
  expect(drained).toBe(1);
  expect(verdict).toEqual({ creates: 1, states: ['rejected', 'accepted'], violations: [] });
}

function expectSpooled({ outcome, drained, verdict }: Case): void {
  expect(outcome.outcome).toBe('accepted');
  expect(drained).toBe(1);
  expect(verdict).toEqual({ creates: 1, states: ['accepted'], violations: [] });
}

function loseSqlite(): Promise<Cases> {
  return loseLedger(
    (act) => inWorlds(async () => ({}), act),
    async (worlds) => {
      const locks = worlds.map(({ directory }) => lock(`${directory}/ledger.db`));
      return async () => {
        for (const unlock of locks) unlock();
      };
    },
  );
}

async function losePostgres(): Promise<Cases> {
  const server = await startPostgres();
  try {
    return await loseLedger(
      (act) => inWorlds(async () => ({ ledgerUrl: await server.createDatabase() }), act),
      async () => {
        await server.stop('immediate');
        return () => server.start();
      },
    );
  } finally {
    await server.close();
  }
}

let sqlite: Promise<Cases>;
let postgres: Promise<Cases>;

/** Both at once, since most of it is waiting. What fails shows in its own tests. */
beforeAll(async () => {
  sqlite = loseSqlite();
  postgres = losePostgres();
  await Promise.allSettled([sqlite, postgres]);
});

describe('a SQLite ledger that another process has locked', () => {
  it('F2 locked before the submission is armed: no POST', async () => {
    expectNoPost(take(await sqlite, 'before it is armed'));
  });

  // A lock keeps writers out of a SQLite ledger, but no reader.
  it.each<Phase>([
    'between arming and the last check',
    'between the POST and its reply',
    'between the reply and the ledger',
  ])('F2 C5 locked %s: the outcome is spooled, returned, and drained later', async (phase) => {
    expectSpooled(take(await sqlite, phase));
  });

  it('F2 locked for a moment after the reply: the outcome reaches the ledger by itself', () =>
    inWorld({}, async (world) => {
      const frozen = await freezeSubmit(
        world,
        PHASES['between the reply and the ledger'],
        IMPATIENT,
      );
      const unlock = lock(`${world.directory}/ledger.db`);
      const timer = setTimeout(unlock, 1_000);
      const outcome = await frozen.wake();
      clearTimeout(timer);

      expect(outcome.outcome).toBe('accepted');
      expect(await judge(world)).toEqual({ creates: 1, states: ['accepted'], violations: [] });
      expect(await world.later((worker) => worker.drainSpool())).toBe(0);
    }));
});

describe('a PostgreSQL ledger whose server is stopped', () => {
  it.each<Phase>(['before it is armed', 'between arming and the last check'])(
    'F2 stopped %s: no POST',
    async (phase) => {
      expectNoPost(take(await postgres, phase));
    },
  );

  it.each<Phase>(['between the POST and its reply', 'between the reply and the ledger'])(
    'F2 C5 stopped %s: the outcome is spooled, returned, and drained later',
    async (phase) => {
      expectSpooled(take(await postgres, phase));
    },
  );
});

/** Holds the write lock as another program may, until it is told to let go. */
function lock(path: string): () => void {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec('begin exclusive');
  return () => {
    database.exec('rollback');
    database.close();
  };
}
