import { Random } from '../random.ts';
import { check } from './check.ts';
import { randomWorld } from './random-world.ts';
import { Tally } from './tally.ts';
import { World } from './world.ts';
import type { Weakness } from './world.ts';

export const JOBS_PER_WORLD = 5;

export interface ManyWorlds {
  readonly seed: number;
  readonly jobs: number;
  readonly weakness?: Weakness;
  /** Ends the run early. */
  readonly isEnough?: (tally: Tally) => boolean;
}

/** Runs worlds one after the other until they have had so many jobs. Each has a seed of its own, which makes it again. */
export async function runWorlds(options: ManyWorlds): Promise<Tally> {
  const { seed, jobs, weakness, isEnough = () => false } = options;
  const seeds = new Random(seed);
  const tally = new Tally();
  while (tally.jobs < jobs && !isEnough(tally)) {
    const worldSeed = seeds.integer(1, 0x7fff_ffff);
    await runWorld(worldSeed, tally, weakness);
  }
  return tally;
}

export async function runWorld(
  worldSeed: number,
  tally: Tally,
  weakness?: Weakness,
): Promise<World> {
  const world = new World(randomWorld(worldSeed, JOBS_PER_WORLD, weakness));
  const hasSettled = await world.run();
  tally.add(worldSeed, world, check(world, hasSettled));
  world.time.clear();
  return world;
}
