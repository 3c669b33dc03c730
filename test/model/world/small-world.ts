import { toWorkflowId } from '../../../src/core/keys.ts';
import { check } from './check.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

export const AUTHOR = { author: 'ada', reason: 'the test says so' };

/** Everything that a scene may leave to the usual: one account, one host, tasks of six seconds, no travel time. */
export async function playInSmallWorld(
  scene: Pick<WorldOptions, 'jobs' | 'faults'> & Partial<WorldOptions>,
): Promise<World> {
  const world = new World({
    seed: 11,
    accounts: [
      {
        name: 'main',
        realm: 'realm',
        api: 'cancels',
        exclusive: true,
        onUnknown: 'hold',
        maxResubmits: 0,
        places: 4,
      },
    ],
    hosts: 1,
    quietAfterMs: 0,
    areFaultsLasting: true,
    isWireJson: true,
    maxTravelMs: 0,
    listPageSize: 100,
    script: () => ({
      runsForMs: 6_000,
      end: 'succeeded',
      outputs: 1,
      seconds: 4,
      listLagMs: 0,
      readLagMs: 0,
    }),
    ...scene,
  });
  expect(check(world, await world.run())).toEqual([]);
  world.time.clear();
  return world;
}

/** An update as an operator sends it. */
export function update(world: World, jobId: string, name: 'pollNow' | 'cancelJob'): void {
  world.server.update(toWorkflowId(jobId), name, name === 'cancelJob' ? [AUTHOR] : []);
}
