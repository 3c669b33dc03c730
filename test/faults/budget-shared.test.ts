import type { LogEntry } from '../../simulator/index.ts';
import type { AcceptedTask } from '../../src/activities/index.ts';
import type { Budget } from '../../src/core/budget.ts';
import type { Quote } from '../../src/core/money.ts';
import type { ActivityEnd, ActivityProcess } from '../crash/activity-process.ts';
import { ACCOUNT } from '../crash/account.ts';
import type { World } from '../crash/world.ts';
import { inWorld } from '../crash/world.ts';
import { PostgresLedgers } from '../installation/postgres-ledgers.ts';
import { until } from '../installation/until.ts';

const WORKERS = 32;
const FITTING = 10;
/** Loading the program keeps a core busy; what counts begins when all stand there. */
const STARTED_AT_ONCE = 4;
/** Five seconds of wan2.6-t2v at 720P. */
const PRICE = 450_000;
/** Longer than 32 processes take to start or to write in turn on a small machine. */
const PATIENCE_MS = 240_000;

const LIMIT: Budget = {
  name: 'launch',
  scope: 'all',
  of: null,
  currency: 'USD',
  limitMicros: String(FITTING * PRICE),
  per: 'month',
};

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** One process per job. Each has opened the ledger and stands still until all are there. */
async function submitTogether(world: World, prefix: string): Promise<ActivityEnd[]> {
  const processes: ActivityProcess[] = [];
  for (let index = 0; index < WORKERS; index += STARTED_AT_ONCE) {
    const some = range(STARTED_AT_ONCE).map((more) =>
      standStill(world, `${prefix}-${index + more}`),
    );
    processes.push(...(await Promise.all(some)));
  }
  for (const process of processes) process.signal('SIGCONT');
  const ends = await Promise.all(processes.map(({ ended }) => ended));
  return ends.map(({ activities: [activity], stderr }) => {
    if (activity === undefined) throw new Error(`a process ended without an answer: ${stderr}`);
    return activity;
  });
}

async function standStill(world: World, jobId: string): Promise<ActivityProcess> {
  const steps = world.stepsOf(jobId);
  const call = ['openAndSubmit', { open: steps.openJob(1), submit: steps.submit(1) }] as const;
  const failpoints = [{ moment: '^before activity', action: 'stop' }] as const;
  const process = await world.start([call], { failpoints, lockWaitMs: PATIENCE_MS });
  await process.stopped();
  return process;
}

function ofKind(world: World, kind: LogEntry['kind']): readonly LogEntry[] {
  return world.simulator.log().filter((entry) => entry.kind === kind);
}

function sumOfBills(world: World): string {
  const bills = ofKind(world, 'end').map(({ bill }) => BigInt(bill?.micros ?? 0));
  return bills.reduce((sum, micros) => sum + micros, 0n).toString();
}

async function chargeAll(world: World): Promise<void> {
  const quote: Quote = {
    currency: 'USD',
    micros: String(PRICE),
    basis: '5 s × 90000 micros/s, 720P',
    priceSource: 'NexusFlow video page, 2026-11-21',
    estimated: false,
  };
  const rows = await world.look((ledger) => ledger.allSubmissions({}));
  for (const { jobId, number, taskId, operation, snapshot, keyId } of rows) {
    if (taskId === null) continue;
    const task = { taskId, operation, snapshot, keyId } as AcceptedTask;
    const end = { status: 'succeeded', providerStatus: 'succeeded' } as const;
    await world.later((worker) => worker.recordCost({ jobId, number, task, quote, end }), {
      jobId,
    });
  }
}

const moneyOf = (world: World): Promise<unknown> =>
  world.look((ledger) => ledger.summarizeMoney({}, []));

function expectRefusal(error: ActivityEnd['error'], taken: object): void {
  expect(error).toMatchObject({
    code: 'request.over_budget',
    details: {
      budget: LIMIT.name,
      limitMicros: LIMIT.limitMicros,
      unknownMicros: '0',
      askedMicros: String(PRICE),
      account: ACCOUNT,
      ...taken,
    },
  });
}

async function judgeShared(ledgerUrl: string | undefined): Promise<void> {
  const place = ledgerUrl === undefined ? {} : { ledgerUrl };
  await inWorld({ provider: 'nexusflow', budgets: [LIMIT], ...place }, async (world) => {
    const { limitMicros } = LIMIT;
    const answers = await submitTogether(world, 'first');
    const refusals = answers.flatMap(({ error }) => error ?? []);

    expect(ofKind(world, 'create')).toHaveLength(FITTING);
    expect(outcomesOf(answers)).toEqual(range(FITTING).map(() => 'accepted'));
    expect(refusals).toHaveLength(WORKERS - FITTING);
    // While one more fits, nobody is refused: who is refused finds all of it taken.
    const allReserved = { reservedMicros: limitMicros, spentMicros: '0' };
    for (const refusal of refusals) expectRefusal(refusal, allReserved);
    const reserved = { reservedMicros: limitMicros, chargedMicros: '0', charges: 0 };
    expect(await moneyOf(world)).toMatchObject([{ ...reserved, unknownMicros: '0' }]);

    await until('all tasks to end', () => ofKind(world, 'end').length === FITTING);
    await chargeAll(world);
    const late = world.stepsOf('late');
    const call = ['openAndSubmit', { open: late.openJob(1), submit: late.submit(1) }] as const;
    const [answer] = (await world.run([call])).activities;

    expect(sumOfBills(world)).toBe(limitMicros);
    const charged = { reservedMicros: '0', chargedMicros: limitMicros, charges: FITTING };
    expect(await moneyOf(world)).toMatchObject([{ ...charged, unknownMicros: '0' }]);
    expectRefusal(answer?.error, { reservedMicros: '0', spentMicros: limitMicros });
    expect(ofKind(world, 'create')).toHaveLength(FITTING);
    expect(await world.look((ledger) => ledger.check())).toEqual([]);
  });
}

function outcomesOf(answers: readonly ActivityEnd[]): readonly unknown[] {
  return answers.flatMap(({ result }) => (result as { outcome?: unknown } | null)?.outcome ?? []);
}

describe(`${WORKERS} worker processes that submit at once under a budget for ${FITTING} jobs`, () => {
  it(
    `[I5 F20] buy exactly ${FITTING} on one SQLite ledger, and the others are told why not`,
    () => judgeShared(undefined),
    PATIENCE_MS,
  );

  it(
    `[I5] buy exactly ${FITTING} on one PostgreSQL ledger, and the others are told why not`,
    async () => {
      const place = await PostgresLedgers.start();
      try {
        await judgeShared(place.url);
      } finally {
        await place.server.close();
      }
    },
    PATIENCE_MS,
  );
});
