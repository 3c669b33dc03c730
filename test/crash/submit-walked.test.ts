import { play } from './play.ts';
import type { Injection } from './strace.ts';
import { violationsOf, walk } from './walk.ts';
import type { World } from './world.ts';

const playWalked = async (world: World, injection: Injection): Promise<boolean> => {
  const { first } = await play(world, { injection });
  return first.signal === 'SIGKILL';
};

it.each([
  ['C1 C4 killed at any fsync', 'fsync', 2],
  ['C1 C4 killed at any write to the ledger', 'pwrite64', 8],
  ['C2 killed at any connect', 'connect', 1],
  ['C2 killed at any write to a socket', 'writev', 1],
])('%s of a submission: bought once at most, and accounted for', async (_, call, atLeast) => {
  const walked = await walk(call, playWalked);

  expect(violationsOf(walked)).toEqual([]);
  expect(walked.killed).toBeGreaterThanOrEqual(atLeast);
});

it('C1 killed at any fsync of an admission: admitted once', async () => {
  const walked = await walk('fsync', async (world, injection) => {
    const first = await world.run([['openJob', world.steps.openJob(1)]], { injection });
    await play(world);
    return first.signal === 'SIGKILL';
  });

  expect(violationsOf(walked)).toEqual([]);
  expect(walked.verdicts.filter(({ creates }) => creates !== 1)).toEqual([]);
  expect(walked.killed).toBeGreaterThanOrEqual(1);
});

it('a submit that is simply run again buys twice, and this harness finds it', async () => {
  const walked = await walk('fsync', async (world, injection) => {
    const naive = [['submitNaively', world.steps.submit(1)]] as const;
    await world.openJob();
    const first = await world.run(naive, { injection });
    if (first.signal !== null) await world.run(naive);
    return first.signal === 'SIGKILL';
  });

  expect(violationsOf(walked)).toContain('2 accepted creates');
});
