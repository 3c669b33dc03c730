import type { PostgresServer } from '../installation/postgres.ts';
import { startPostgres } from '../installation/postgres.ts';
import type { Relay } from '../installation/relay.ts';
import { openRelay } from '../installation/relay.ts';
import type { Failpoint } from './activity-process.ts';
import { freezeSubmit } from './freeze.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { submitOnce } from './play.ts';
import type { World } from './world.ts';
import { inWorld, JOB, resultOf } from './world.ts';

const NOT_SENT = {
  outcome: 'rejected',
  error: { code: 'ledger.unavailable', details: { reason: 'not_sent' } },
};
const nothingBought: Verdict = { creates: 0, states: ['rejected'], violations: [] };
const accepted: Verdict = { creates: 1, states: ['accepted'], violations: [] };

const kindsOfEntries = async (world: World): Promise<readonly string[]> => {
  const entries = await world.look((ledger) => ledger.entries(JOB));
  return entries.map(({ kind }) => kind);
};

describe('a COMMIT of SQLite that fails after it was done', () => {
  const lost = (count: number): Failpoint => ({
    activity: 'submit',
    moment: '^after sql commit',
    count,
    action: 'fail',
    sqliteCode: 10,
  });

  it('F3 of arming on SQLite: nothing is sent, although the row was armed', () =>
    inWorld({}, async (world) => {
      const end = await submitOnce(world, { failpoints: [lost(1)] });

      expect(resultOf(end, 'submit')).toMatchObject(NOT_SENT);
      expect(await judge(world)).toEqual(nothingBought);
    }));

  it('F3 of the outcome on SQLite: it is found written, once', () =>
    inWorld({}, async (world) => {
      const end = await submitOnce(world, { failpoints: [lost(2)] });

      expect(resultOf(end, 'submit')).toMatchObject({ outcome: 'accepted' });
      expect(await kindsOfEntries(world)).toEqual(['reserve']);
      expect(await judge(world)).toEqual(accepted);
    }));
});

describe('a connection to PostgreSQL that is cut after the COMMIT was forwarded', () => {
  let server: PostgresServer | undefined;
  let relay: Relay;
  let ledgerUrl: string;

  beforeAll(async () => {
    server = await startPostgres();
    relay = await openRelay(server.port);
  });

  beforeEach(async () => {
    const url = new URL((await server?.createDatabase()) ?? '');
    url.host = relay.address;
    ledgerUrl = url.href;
  });

  afterAll(async () => {
    await relay.close();
    await server?.close();
  });

  it('F3 of arming on PostgreSQL: nothing is sent, although the row was armed', () =>
    inWorld({ ledgerUrl }, async (world) => {
      const frozen = await freezeSubmit(world, '^before activity submit');
      relay.breakAt('server', 'COMMIT');

      expect(await frozen.wake()).toMatchObject(NOT_SENT);
      expect(await judge(world)).toEqual(nothingBought);
    }));

  it('F3 of the outcome on PostgreSQL: it is found written, once', () =>
    inWorld({ ledgerUrl }, async (world) => {
      const frozen = await freezeSubmit(world, '^after http reply POST');
      relay.breakAt('server', 'COMMIT');

      expect(await frozen.wake()).toMatchObject({ outcome: 'accepted' });
      expect(await kindsOfEntries(world)).toEqual(['reserve']);
      expect(await judge(world)).toEqual(accepted);
    }));
});
