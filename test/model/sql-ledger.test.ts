import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMediaJobError } from '../../src/core/errors.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { createSqlLedger } from '../../src/ledger/sql.ts';
import { Random } from './random.ts';
import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { check } from './world/check.ts';
import { randomWorld } from './world/random-world.ts';
import { World } from './world/world.ts';

const SEED = Number(process.env['POLLUX_SEED'] ?? Date.now() % 1_000_000);
const WORLDS = 100;
const JOBS = 4;
const LONGEST_MS = 120_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pollux-model-'));
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(async () => {
  restoreGlobals();
  await rm(folder, { recursive: true });
});

type Member = (...args: readonly unknown[]) => Promise<unknown>;

/** Both ledgers are asked for everything; what they disagree about is noted. The model's answer counts. */
function twin(model: Ledger, sql: Ledger, disagreements: string[]): Ledger {
  const members = Object.entries(model).map(([name, member]): [string, Member] => [
    name,
    async (...args) => {
      const [said, meant] = await Promise.allSettled([
        (member as Member)(...args),
        (sql[name as keyof Ledger] as Member)(...args),
      ]);
      const [one, other] = [toText(said), toText(meant)];
      if (one !== other) disagreements.push(`${name}(${JSON.stringify(args)}): ${one} or ${other}`);
      if (said.status === 'fulfilled') return said.value;
      throw said.reason;
    },
  ]);
  return Object.fromEntries(members) as unknown as Ledger;
}

/** Errors agree by their code; maps by what they hold. */
function toText(settled: PromiseSettledResult<unknown>): string {
  if (settled.status === 'rejected') {
    const { reason } = settled as { reason: unknown };
    return isMediaJobError(reason) ? reason.code : String(reason);
  }
  const { value } = settled;
  if (value === undefined) return 'nothing';
  return JSON.stringify(value instanceof Map ? [...value].sort() : toSorted(value));
}

function toSorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, one]) => [key, toSorted(one)]),
  );
}

it(
  'the SQL ledger and the one in memory say the same through whole lives of jobs',
  async () => {
    const seeds = new Random(SEED);
    const disagreements: string[] = [];
    const violations: string[] = [];
    let calls = 0;
    for (let index = 0; index < WORLDS; index += 1) {
      const sql = await createSqlLedger({ url: `sqlite:${join(folder, `${index}.db`)}` });
      const worldSeed = seeds.integer(1, 0x7fff_ffff);
      const world = new World(
        randomWorld(worldSeed, JOBS, { ledger: (model) => twin(model, sql, disagreements) }),
      );
      for (const { what } of check(world, await world.run()))
        violations.push(`${worldSeed} ${what}`);
      calls += world.effects.filter((effect) => effect.startsWith('ledger.')).length;
      world.time.clear();
      await sql.close();
    }

    expect(disagreements.slice(0, 5)).toEqual([]);
    expect(violations).toEqual([]);
    expect(calls).toBeGreaterThan(WORLDS * JOBS * 5);
  },
  LONGEST_MS,
);
