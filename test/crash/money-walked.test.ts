import { writeFigures } from '../installation/figures.ts';
import { judgeMoney, MONEY_STEPS, MONEY_WORLD, repeat } from './money-steps.ts';
import { walkKilled } from './strace.ts';
import { inWorld } from './world.ts';

describe('a transaction that moves money', () => {
  it.each(MONEY_STEPS.map((step) => [step.name, step] as const))(
    '[I5 C12 C13] %s, killed at any write to the ledger, is booked once',
    async (_name, step) => {
      const found: string[] = [];
      const killed = await walkKilled('pwrite64', async (injection) => {
        let wasKilled = false;
        await inWorld(MONEY_WORLD, async (world) => {
          const call = await step.prepare(world);
          wasKilled = (await world.run([call], { injection })).signal === 'SIGKILL';
          found.push(...(await repeat(world, call)), ...(await judgeMoney(world, step)));
        });
        return wasKilled;
      });

      writeFigures([{ name: `money walk: ${step.name}`, value: killed, unit: 'kills' }]);

      expect(found).toEqual([]);
      expect(killed).toBeGreaterThanOrEqual(3);
    },
  );
});
