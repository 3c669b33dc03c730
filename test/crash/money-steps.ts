import type { AcceptedTask } from '../../src/activities/index.ts';
import type { EntryKind } from '../../src/core/ledger.ts';
import type { Quote } from '../../src/core/money.ts';
import { toMicros } from '../../src/core/money.ts';
import type { MoneyLine } from '../../src/core/money-book.ts';
import { ACCOUNT } from './account.ts';
import type { ActivityCall } from './activity-process.ts';
import { accept } from './after-acceptance.ts';
import { judge } from './judge.ts';
import type { World, WorldOptions } from './world.ts';
import { JOB } from './world.ts';

/** One transaction that moves money: what precedes it, the call that runs it, and the book after it. */
export interface MoneyStep {
  readonly name: string;
  readonly prepare: (world: World) => Promise<ActivityCall>;
  /** Kinds of the job's entries afterwards, in order. */
  readonly entries: readonly EntryKind[];
  readonly sums: Pick<
    MoneyLine,
    'chargedMicros' | 'estimatedMicros' | 'reservedMicros' | 'unknownMicros' | 'charges'
  >;
}

/** What an estimate says at first, and what the provider bills. */
const MOST = '1050000';
const BILLED = '350000';

/** The provider bills five seconds of a video at what the account pays for one item. */
export const MONEY_WORLD: WorldOptions = {
  simulator: {
    prices: [
      { provider: 'rixapi', model: 'kling-v2', currency: 'USD', unit: 'second', micros: '70000' },
    ],
  },
};

const QUOTE: Quote = {
  currency: 'USD',
  micros: BILLED,
  basis: '1 item × 350000 micros/item',
  priceSource: 'contract 2026-10',
  estimated: false,
};

const NOTHING: MoneyStep['sums'] = {
  chargedMicros: '0',
  estimatedMicros: '0',
  reservedMicros: '0',
  unknownMicros: '0',
  charges: 0,
};

const AT = '2026-11-21T12:00:00.000Z';
const SUCCEEDED = { status: 'succeeded', providerStatus: 'completed' } as const;

const toRecordCost = (task: AcceptedTask, more: object): ActivityCall => [
  'recordCost',
  { jobId: JOB, number: 1, task, quote: QUOTE, ...more },
];

async function endUnseen(world: World): Promise<void> {
  const task = await accept(world);
  await world.later((worker) => worker.recordCost({ jobId: JOB, number: 1, task, quote: QUOTE }));
}

const toSettle = (settlement: object): ActivityCall => [
  'settleMoney',
  {
    submission: { jobId: JOB, number: 1 },
    settlement,
    decision: { id: 'decision-1', author: 'ada', reason: 'line 14 of the bill' },
    at: AT,
  },
];

export const MONEY_STEPS: readonly MoneyStep[] = [
  {
    name: 'reserve',
    prepare: async (world) => ['openJob', world.steps.openJob(1)],
    entries: ['reserve'],
    sums: { ...NOTHING, reservedMicros: BILLED },
  },
  {
    name: 'charge',
    prepare: async (world) => toRecordCost(await accept(world), { end: SUCCEEDED }),
    entries: ['reserve', 'charge'],
    sums: { ...NOTHING, chargedMicros: BILLED, charges: 1 },
  },
  {
    name: 'release',
    prepare: async (world) => {
      const end = { status: 'failed', providerStatus: 'failed', failureProvesNoCharge: true };
      return toRecordCost(await accept(world), { end });
    },
    entries: ['reserve', 'release'],
    sums: NOTHING,
  },
  {
    name: 'unknown',
    prepare: async (world) => toRecordCost(await accept(world), {}),
    entries: ['reserve', 'unknown'],
    sums: { ...NOTHING, unknownMicros: BILLED },
  },
  {
    name: 'adjust',
    prepare: async (world) => {
      const task = await accept(world);
      const quote = { ...QUOTE, micros: MOST, estimated: true };
      const step = { jobId: JOB, number: 1, task, quote, end: SUCCEEDED };
      await world.later((worker) => worker.recordCost(step));
      const { request } = world.steps.submit(1);
      return ['adjustCost', { jobId: JOB, number: 1, account: ACCOUNT, request, outputSeconds: 5 }];
    },
    entries: ['reserve', 'charge', 'adjust'],
    sums: { ...NOTHING, chargedMicros: BILLED, charges: 1 },
  },
  {
    name: 'settle as billed',
    prepare: async (world) => {
      await endUnseen(world);
      return toSettle({ kind: 'charge', micros: BILLED });
    },
    entries: ['reserve', 'unknown', 'charge'],
    sums: { ...NOTHING, chargedMicros: BILLED, charges: 1 },
  },
  {
    name: 'settle as not billed',
    prepare: async (world) => {
      await endUnseen(world);
      return toSettle({ kind: 'release' });
    },
    entries: ['reserve', 'unknown', 'release'],
    sums: NOTHING,
  },
];

/** Runs the step twice more in a process that no fault befalls. Returns what is wrong with their answers: one line each. */
export async function repeat(world: World, call: ActivityCall): Promise<string[]> {
  const { activities, stderr } = await world.run([call, call]);
  const [second, third] = activities;
  if (second === undefined || third === undefined) return [`it did not come to its end: ${stderr}`];
  const { kind } = (second.result ?? {}) as { readonly kind?: string };
  const isDone = second.error === undefined && kind !== 'refused' && kind !== 'taken';
  const answers = [JSON.stringify(second), JSON.stringify(third)];
  return isDone && answers[0] === answers[1] ? [] : answers;
}

/** What differs between the book and what it must hold after the step, however often the step was begun: one line each. */
export async function judgeMoney(world: World, { entries, sums }: MoneyStep): Promise<string[]> {
  const { book, lines, damage } = await world.look(async (ledger) => ({
    book: await ledger.entries(JOB),
    lines: await ledger.summarizeMoney({}, []),
    damage: await ledger.check(),
  }));
  const found: string[] = [...damage];
  const kinds = book.map(({ kind }) => kind).join(' ');
  if (kinds !== entries.join(' ')) found.push(`entries: ${kinds}`);
  for (const [name, expected] of Object.entries(sums)) {
    const actual = lines[0]?.[name as keyof typeof sums];
    if (actual !== expected) found.push(`${name}: ${String(actual)}, not ${expected}`);
  }
  const charged = book
    .filter(({ kind }) => kind === 'charge' || kind === 'adjust')
    .reduce((sum, { micros }) => sum + toMicros(micros), 0n);
  // A step that books less than a charge leaves the bill to a later one.
  const isCharged = entries.includes('charge');
  const billed = sumOfBills(world);
  if (isCharged && charged !== billed) found.push(`${charged} charged, ${billed} billed`);
  const { violations } = await judge(world);
  return [...found, ...violations.filter((violation) => !isExpected(violation, entries))];
}

/** Of what has ended: the provider's own book. */
function sumOfBills({ simulator }: World): bigint {
  return simulator
    .log()
    .filter(({ kind }) => kind === 'end')
    .reduce((sum, { bill }) => sum + toMicros(bill?.micros ?? '0'), 0n);
}

/** The judge of submissions knows neither a job that is only opened nor one that ended without a charge. */
function isExpected(violation: string, entries: MoneyStep['entries']): boolean {
  return entries.length === 1
    ? violation === 'submission 1 is still admitted'
    : violation === `submission 1 is accepted with entries: ${entries.join(' ')}`;
}
