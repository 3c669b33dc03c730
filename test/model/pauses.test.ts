import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { atEffects } from './world/faults.ts';
import type { PostFate } from './world/faults.ts';
import { playInSmallWorld } from './world/small-world.ts';
import { START_MS } from './world/world.ts';
import type { World } from './world/world.ts';

// What a refusal of one job means for the others of its account: minutes of waiting, in virtual time.

const JOBS = ['job-1', 'job-2', 'job-3', 'job-4'] as const;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

async function play(fates: readonly PostFate[]): Promise<World> {
  return await playInSmallWorld({
    jobs: JOBS.map((jobId, index) => ({
      jobId,
      input: { request: { model: 'main/video' } },
      startAfterMs: 10 + index * 500,
    })),
    faults: () => atEffects({ points: new Map(), isHeartbeatDelivered: true, fates, outages: [] }),
  });
}

it('an account without credit holds all its jobs back, and goes on with them when it has some again', async () => {
  const world = await play(['out of credit']);

  expect(world.faultsSeen.get('post: out of credit')).toBe(1);
  const results = JOBS.map((jobId) => world.resultOf(jobId));
  expect(results.map((result) => result?.status)).toEqual(JOBS.map(() => 'succeeded'));
  // The others never met the refusal: each was sent once, after the pause.
  expect(results.map((result) => result?.submissions)).toEqual([2, 1, 1, 1]);
  const creates = world.services.get('realm')?.creates ?? [];
  expect(creates).toHaveLength(JOBS.length);
  for (const { acceptedAtMs } of creates)
    expect(acceptedAtMs - START_MS).toBeGreaterThanOrEqual(2_000);
});

it('an account that stays without credit is asked less and less often, at least once a minute', async () => {
  const world = await play(Array.from({ length: 40 }, () => 'out of credit'));

  expect(world.faultsSeen.get('post: out of credit')).toBe(40);
  const [first] = world.services.get('realm')?.creates ?? [];
  const waitedMs = (first?.acceptedAtMs ?? 0) - START_MS;
  // Ten refusals for each of four jobs: pauses of 2, 4, 8, 16 and 32 s, and of a minute then.
  expect(waitedMs).toBeGreaterThanOrEqual(5 * 60_000);
});
