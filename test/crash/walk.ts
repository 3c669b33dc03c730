import type { Verdict } from './judge.ts';
import { judge } from './judge.ts';
import type { Injection } from './strace.ts';
import { walkKilled } from './strace.ts';
import type { World } from './world.ts';
import { inWorld } from './world.ts';

export interface Walked {
  /** How many runs were killed before one ended unharmed. */
  readonly killed: number;
  /** What was bought, and what stands in the ledger, after each of them. */
  readonly verdicts: readonly Verdict[];
}

/** One world per step of a walk. `act` says whether its process was killed. */
export async function walk(
  call: string,
  act: (world: World, injection: Injection) => Promise<boolean>,
): Promise<Walked> {
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

export function violationsOf({ verdicts }: Walked): readonly string[] {
  return verdicts.flatMap(({ violations }) => violations);
}
