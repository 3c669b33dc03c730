import { setTimeout } from 'node:timers/promises';

import type { Ledger } from '../../../src/core/ledger.ts';
import type { Rank } from '../../../src/core/places.ts';
import { openRequest, result } from '../../contract/suites/ledger/ledger-under-test.ts';
import { PostgresLedgers } from '../../installation/postgres-ledgers.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

const CONNECTIONS = 32;
const JOBS_PER_CONNECTION = 3;
const PLACES = 5;
const RANKS: readonly Rank[] = ['interactive', 'batch', 'batch'];
const TENANTS = ['acme', 'globex', null];
/** Several wait for one lock on a loaded machine. */
const LOCK_WAIT_MS = 25_000;
const TIMEOUT_MS = 120_000;

let sqlite: TemporaryLedger;
let postgres: PostgresLedgers;
beforeAll(async () => {
  postgres = await PostgresLedgers.start();
});
afterAll(() => postgres.server.close());
beforeEach(() => {
  sqlite = new TemporaryLedger();
});
afterEach(async () => {
  await sqlite.remove();
  await postgres.clear();
});

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

interface Tally {
  ended: number;
  waits: number;
  /** Places taken, by what the ledger says after each admission. */
  readonly taken: number[];
}

/** Brings a job to its end through a place that it waits for. */
async function runJob(ledger: Ledger, index: number, tally: Tally): Promise<void> {
  const jobId = `job-${index}`;
  const rank = RANKS[index % RANKS.length] ?? 'interactive';
  const tenant = TENANTS[Math.floor(index / RANKS.length) % TENANTS.length] ?? null;
  for (;;) {
    const at = new Date().toISOString();
    const answer = await ledger.openJob(openRequest({ jobId, rank, tenant, places: PLACES, at }));
    if (answer.kind === 'admitted') break;
    tally.waits += 1;
    await setTimeout(20 + 40 * Math.random());
  }
  tally.taken.push(await ledger.placesTaken('main'));
  await setTimeout(10);
  await ledger.closeJob(jobId, result({ jobId }), new Date().toISOString());
  tally.ended += 1;
}

async function runAll(ledgers: readonly Ledger[]): Promise<Tally> {
  const tally: Tally = { ended: 0, waits: 0, taken: [] };
  await Promise.all(
    ledgers.map(async (ledger, connection) => {
      for (const round of range(JOBS_PER_CONNECTION)) {
        await runJob(ledger, round * CONNECTIONS + connection, tally);
      }
    }),
  );
  return tally;
}

const KINDS = [
  { kind: 'SQLite', open: () => sqlite.open({ lockWaitMs: LOCK_WAIT_MS }) },
  { kind: 'PostgreSQL', open: () => postgres.open(postgres.url, LOCK_WAIT_MS) },
];

describe.each(KINDS)('32 connections to one $kind ledger', ({ open }) => {
  it(
    'that ask for five places, with mixed ranks and tenants, never have more, and all get one',
    async () => {
      await open();
      const ledgers = await Promise.all(range(CONNECTIONS).map(open));

      const tally = await runAll(ledgers);

      expect(tally.ended).toBe(CONNECTIONS * JOBS_PER_CONNECTION);
      expect(tally.waits).toBeGreaterThan(CONNECTIONS);
      expect(Math.max(...tally.taken)).toBeLessThanOrEqual(PLACES);
      expect(await ledgers[0]?.placesTaken('main')).toBe(0);
    },
    TIMEOUT_MS,
  );
});
