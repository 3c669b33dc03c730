import type { PostgresServer } from '../installation/postgres.ts';
import { startPostgres } from '../installation/postgres.ts';
import type { Relay } from '../installation/relay.ts';
import { openRelay } from '../installation/relay.ts';
import { judgeMoney, MONEY_STEPS, MONEY_WORLD, repeat } from './money-steps.ts';
import type { MoneyStep } from './money-steps.ts';
import { endOf, inWorld } from './world.ts';

const STEPS: readonly (readonly [string, MoneyStep])[] = MONEY_STEPS.map((step) => [
  step.name,
  step,
]);
const UNAVAILABLE = { error: { code: 'ledger.unavailable' } };

describe('a COMMIT of SQLite that fails after it was done', () => {
  it.each(STEPS)('[F3 I5 C13] %s: booked once', (_name, step) =>
    inWorld(MONEY_WORLD, async (world) => {
      const call = await step.prepare(world);
      const lost = {
        activity: call[0],
        moment: '^after sql commit',
        action: 'fail',
        sqliteCode: 10,
      } as const;
      const first = await world.run([call], { failpoints: [lost] });

      expect(endOf(first, call[0])).toMatchObject(UNAVAILABLE);
      expect(await repeat(world, call)).toEqual([]);
      expect(await judgeMoney(world, step)).toEqual([]);
    }),
  );
});

describe('a connection to PostgreSQL that is cut after the COMMIT was forwarded', () => {
  let server: PostgresServer | undefined;
  let relay: Relay | undefined;
  let ledgerUrl: string;

  beforeAll(async () => {
    server = await startPostgres();
    relay = await openRelay(server.port);
  });

  beforeEach(async () => {
    const url = new URL((await server?.createDatabase()) ?? '');
    url.host = relay?.address ?? '';
    ledgerUrl = url.href;
  });

  afterAll(async () => {
    await relay?.close();
    await server?.close();
  });

  it.each(STEPS)('[F3 I5 C13] %s: booked once', (_name, step) =>
    inWorld({ ...MONEY_WORLD, ledgerUrl }, async (world) => {
      const call = await step.prepare(world);
      const moment = `^before activity ${call[0]}`;
      const frozen = await world.start([call], { failpoints: [{ moment, action: 'stop' }] });
      await frozen.stopped();
      relay?.breakAt('server', 'COMMIT');
      frozen.signal('SIGCONT');

      expect(endOf(await frozen.ended, call[0])).toMatchObject(UNAVAILABLE);
      expect(await repeat(world, call)).toEqual([]);
      expect(await judgeMoney(world, step)).toEqual([]);
    }),
  );
});
