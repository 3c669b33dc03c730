import type { JobState } from '../../src/core/job.ts';
import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import type { Fault, Faults } from './world/faults.ts';
import { CALM } from './world/faults.ts';
import { playInSmallWorld, update } from './world/small-world.ts';
import type { World } from './world/world.ts';

// What holds a job whose output cannot be stored, and what frees it: minutes of heartbeat timeouts, hours of URL life.

const JOB = 'job-1';
const URL_LIFE_SECONDS = 600;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

interface Trouble {
  readonly effect: RegExp;
  readonly fault: Fault;
}

interface Scene {
  /** Befalls its effects until it is mended. */
  readonly trouble: Trouble;
  /** When somebody mends it, if anybody does, and what is sent to the job then. */
  readonly mendedAfterMs?: number;
  readonly message?: 'pollNow' | 'cancelJob';
}

interface Played {
  readonly world: World;
  readonly strikes: number;
  /** As the job was right before the message. */
  readonly held: JobState | undefined;
}

async function play({ trouble, mendedAfterMs, message }: Scene): Promise<Played> {
  let strikes = 0;
  let isMended = false;
  let held: JobState | undefined;
  const faults: Faults = {
    ...CALM,
    next: (effect) => {
      if (isMended || !trouble.effect.test(effect)) return undefined;
      strikes += 1;
      return trouble.fault;
    },
  };
  const world = await playInSmallWorld({
    jobs: [{ jobId: JOB, input: { request: { model: 'main/video' } }, startAfterMs: 10 }],
    faults: () => faults,
    quietAfterMs: (mendedAfterMs ?? 0) + 1_000,
    timing: { urlLifeSeconds: URL_LIFE_SECONDS },
    arrange: (its) => {
      if (mendedAfterMs === undefined) return;
      its.time.after(mendedAfterMs, () => {
        isMended = true;
        held = its.stateOf(JOB);
        if (message !== undefined) update(its, JOB, message);
      });
    },
  });
  return { world, strikes, held };
}

const KILLER: Trouble = { effect: /^fetcher[.]fetch$/, fault: { kind: 'crash', when: 'during' } };
const NO_STORE: Trouble = { effect: /^store[.]/, fault: { kind: 'unavailable', when: 'before' } };

it('[C15] an output whose transfer takes its worker down five times holds the job', async () => {
  const { world, strikes } = await play({ trouble: KILLER });

  expect(world.stateOf(JOB)).toMatchObject({
    status: 'held',
    hold: { reason: 'crashing', number: 1, evidence: { index: 0, attempts: 5 } },
    cost: { state: 'charged' },
  });
  expect(strikes).toBe(5);
});

it('[C15] an operator who mended the worker tries a crashing transfer again', async () => {
  const { world, held } = await play({
    trouble: KILLER,
    mendedAfterMs: 400_000,
    message: 'pollNow',
  });

  expect(held?.hold?.reason).toBe('crashing');
  expect(world.resultOf(JOB)).toMatchObject({ status: 'succeeded', submissions: 1, hold: null });
});

it('[F4] a store that is away until the URL may be dead holds the job; nothing is given up and nothing bought again', async () => {
  const { world } = await play({ trouble: NO_STORE });

  expect(world.stateOf(JOB)).toMatchObject({
    status: 'held',
    hold: { reason: 'not_stored', evidence: { lastCode: 'storage.unavailable' } },
    cost: { state: 'charged' },
    submissions: 1,
  });
});

it('[F4] a store that comes back takes the output of a job that was held for it', async () => {
  const { world, held } = await play({
    trouble: NO_STORE,
    mendedAfterMs: URL_LIFE_SECONDS * 2_000,
    message: 'pollNow',
  });

  expect(held?.hold?.reason).toBe('not_stored');
  expect(world.resultOf(JOB)).toMatchObject({ status: 'succeeded', submissions: 1 });
});

it('[F22] a job that is held for its output ends when it is cancelled; what it cost stays booked', async () => {
  const { world } = await play({
    trouble: NO_STORE,
    mendedAfterMs: URL_LIFE_SECONDS * 2_000,
    message: 'cancelJob',
  });

  expect(world.resultOf(JOB)).toMatchObject({
    status: 'expired',
    artifacts: [],
    error: { code: 'provider.output_expired', details: { lastCode: 'storage.unavailable' } },
    cost: { state: 'charged' },
  });
});
