import type { Insertable } from 'kysely';

import type { LedgerTransaction } from './session.ts';
import type { DailyMoneyTable, EntryRow } from './tables.ts';

interface Sums {
  readonly reserved: bigint;
  readonly unknown: bigint;
  readonly charged: bigint;
  readonly estimated: bigint;
  readonly charges: bigint;
}

const NOTHING: Sums = { reserved: 0n, unknown: 0n, charged: 0n, estimated: 0n, charges: 0n };

/** Whose money an entry moves, and on which day. */
export interface EntryOwner {
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly model: string;
  /** When the submission was admitted. */
  readonly created_at: string;
}

const DAY_LENGTH = 10;

/**
 * Adds what an entry moves to the sums of its day. `replaced` is the entry whose place it takes. Called in the
 * transaction that writes the entry, once.
 */
export async function addToDailyMoney(
  transaction: LedgerTransaction,
  owner: EntryOwner,
  entry: EntryRow,
  replaced: EntryRow | undefined,
): Promise<void> {
  const movements = toMovements(entry, replaced);
  await transaction
    .insertInto('daily_money')
    .values(movements.flatMap((movement) => toRows(owner, entry.at, movement)))
    .onConflict((conflict) =>
      conflict
        .columns(['view', 'currency', 'day', 'account', 'model', 'tenant', 'batch'])
        .doUpdateSet((expression) => ({
          reserved: expression('daily_money.reserved', '+', expression.ref('excluded.reserved')),
          unknown: expression('daily_money.unknown', '+', expression.ref('excluded.unknown')),
          charged: expression('daily_money.charged', '+', expression.ref('excluded.charged')),
          estimated: expression('daily_money.estimated', '+', expression.ref('excluded.estimated')),
          charges: expression('daily_money.charges', '+', expression.ref('excluded.charges')),
        })),
    )
    .execute();
}

interface Movement {
  readonly currency: string;
  readonly sums: Sums;
}

/** One per currency: a model's price may have changed its currency between reservation and charge. */
function toMovements(entry: EntryRow, replaced: EntryRow | undefined): readonly Movement[] {
  const own = { currency: entry.currency, sums: sumsOf(entry) };
  if (replaced === undefined) return [own];
  const removed = { currency: replaced.currency, sums: negate(standingOf(replaced)) };
  if (removed.currency !== own.currency) return [own, removed];
  return [{ currency: own.currency, sums: add(own.sums, removed.sums) }];
}

function sumsOf({ kind, micros, estimated }: EntryRow): Sums {
  switch (kind) {
    case 'reserve':
      return { ...NOTHING, reserved: micros };
    case 'unknown':
      return { ...NOTHING, unknown: micros };
    case 'charge':
      return { ...NOTHING, charged: micros, estimated: micros * estimated, charges: 1n };
    case 'adjust':
      return { ...NOTHING, charged: micros };
    default:
      return NOTHING;
  }
}

/** What ends when another entry takes the place: a charge stays one, but is no estimate any more. */
function standingOf(entry: EntryRow): Sums {
  const { reserved, unknown, estimated } = sumsOf(entry);
  return { ...NOTHING, reserved, unknown, estimated };
}

function add(one: Sums, other: Sums): Sums {
  return {
    reserved: one.reserved + other.reserved,
    unknown: one.unknown + other.unknown,
    charged: one.charged + other.charged,
    estimated: one.estimated + other.estimated,
    charges: one.charges + other.charges,
  };
}

function negate(sums: Sums): Sums {
  return {
    reserved: -sums.reserved,
    unknown: -sums.unknown,
    charged: -sums.charged,
    estimated: -sums.estimated,
    charges: -sums.charges,
  };
}

function toRows(
  { tenant, batch, account, model, created_at: admittedAt }: EntryOwner,
  at: string,
  { currency, sums }: Movement,
): readonly Insertable<DailyMoneyTable>[] {
  const day = admittedAt.slice(0, DAY_LENGTH);
  const whole = { currency, account, model: '', tenant: '', batch: '', ...sums };
  const row = { ...whole, model, tenant: tenant ?? '', batch: batch ?? '' };
  return [
    { ...row, view: 'booked', day: at.slice(0, DAY_LENGTH) },
    { ...row, view: 'admitted', day },
    { ...whole, view: 'admitted_by_account', day },
  ];
}
