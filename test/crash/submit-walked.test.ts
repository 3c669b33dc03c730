import type { Verdict } from './judge.ts';
import { judge } from './judge.ts';
import { play } from './play.ts';
import type { Injection } from './strace.ts';
import { walkKilled } from './strace.ts';
import type { World } from './world.ts';
import { inWorld } from './world.ts';

/** One world per step of a walk. `act` says whether its process was killed. */
async function walk(
  call: string,
  act: (world: World, injection: Injection) => Promise<boolean>,
): Promise<{ readonly killed: number; readonly verdicts: readonly Verdict[] }> {
  const verdicts: Verdict[] = [];
  const killed = await walkKilled(call, async (injection) => {
    let wasKilled = false;
    await inWorld({}, async (world) => {
      wasKilled = await act(world, injection);
      verdicts.push(await judge(world));
    });
    return wasKilled;
  });
  return { killed, verdicts };
}

const playWalked = async (world: World, injection: Injection): Promise<boolean> => {
  const { first } = await play(world, { injection });
  return first.signal === 'SIGKILL';
};

const violationsOf = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.flatMap(({ violations }) => violations);

it.each([
  ['C1 C4 killed at any fsync', 'fsync', 2],
  ['C1 C4 killed at any write to the ledger', 'pwrite64', 8],
  ['C2 killed at any connect', 'connect', 1],
  ['C2 killed at any write to a socket', 'writev', 1],
])('%s of a submission: bought once at most, and accounted for', async (_, call, atLeast) => {
  const { killed, verdicts } = await walk(call, playWalked);

  expect(violationsOf(verdicts)).toEqual([]);
  expect(killed).toBeGreaterThanOrEqual(atLeast);
});

it('C1 killed at any fsync of an admission: admitted once', async () => {
  const { killed, verdicts } = await walk('fsync', async (world, injection) => {
    const first = await world.run([['openJob', world.steps.openJob(1)]], { injection });
    await play(world);
    return first.signal === 'SIGKILL';
  });

  expect(violationsOf(verdicts)).toEqual([]);
  expect(verdicts.map(({ creates }) => creates)).toEqual(verdicts.map(() => 1));
  expect(killed).toBeGreaterThanOrEqual(1);
});

it('a submit that is simply run again buys twice, and this harness finds it', async () => {
  const { verdicts } = await walk('fsync', async (world, injection) => {
    const naive = [['submitNaively', world.steps.submit(1)]] as const;
    await world.openJob();
    const first = await world.run(naive, { injection });
    if (first.signal !== null) await world.run(naive);
    return first.signal === 'SIGKILL';
  });

  expect(violationsOf(verdicts)).toContain('2 accepted creates');
});
