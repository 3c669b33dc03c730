import { LedgerError, RequestError } from '../core/errors.ts';
import type { DecisionRecord } from '../core/job.ts';
import { MOST_MICROS } from '../core/money.ts';
import type { Quote } from '../core/money.ts';
import type { SettledMoney, Settlement } from '../core/money-book.ts';
import { toCost } from './costs.ts';
import { isDecided, recordDecision } from './decisions.ts';
import { findEffectiveEntry, readEntries, writeEntry } from './entries.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { requireSubmission, submissionConflict } from './submissions.ts';
import type { EntryRow, SubmissionRow } from './tables.ts';

/**
 * Books what an ended submission whose money is `unknown` really cost. Run twice: the second run finds the decision.
 * Throws `ledger.conflict` where the decision's id stands for another settlement, `request.invalid` for an amount that
 * cannot be booked.
 */
export async function settleMoney(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  settlement: Settlement,
  decision: DecisionRecord,
  at: string,
): Promise<SettledMoney> {
  const row = await requireSubmission(transaction, key);
  const entries = await readEntries(transaction, key);
  if (await isDecided(transaction, key.jobId, 'settle', decision)) {
    refuseOtherSettlement(key, entries, settlement, decision);
    return toSettled(key, entries);
  }
  const effective = findEffectiveEntry(entries);
  const reason = whyNot(row, effective);
  if (effective === undefined || reason !== undefined) {
    return { kind: 'refused', reason: reason ?? NOTHING_BOOKED };
  }
  const quote = toQuote(settlement, effective, decision);
  await writeEntry(transaction, key, settlement.kind, quote, at);
  await recordDecision(transaction, key, 'settle', decision, at);
  return toSettled(key, await readEntries(transaction, key));
}

function toSettled(key: SubmissionKey, entries: readonly EntryRow[]): SettledMoney {
  const cost = toCost(entries);
  if (cost === null) throw submissionConflict(key, 'has a settlement without an entry');
  return { kind: 'settled', cost };
}

const NOTHING_BOOKED = 'its model had no price: no money is booked on it';

/** Why the money of a submission cannot be settled, for a person. */
function whyNot(row: SubmissionRow, effective: EntryRow | undefined): string | undefined {
  if (row.ended_at === null) return 'it has not ended: resolve its job first';
  if (effective === undefined) return NOTHING_BOOKED;
  if (effective.kind === 'unknown') return undefined;
  return `its money is not unknown: the entry that stands is a ${effective.kind}`;
}

const AMOUNT = /^(0|[1-9][0-9]*)$/;

function toQuote(settlement: Settlement, unknown: EntryRow, decision: DecisionRecord): Quote {
  const micros = settlement.kind === 'charge' ? settlement.micros : '0';
  if (!AMOUNT.test(micros) || BigInt(micros) > MOST_MICROS) {
    throw new RequestError(
      'request.invalid',
      `"${micros}" is not an amount that can be charged: give micros as a decimal integer from 0 to ${MOST_MICROS.toString()}`,
      { details: { field: 'micros' } },
    );
  }
  return {
    currency: unknown.currency,
    micros,
    basis: `settled by ${decision.author}`,
    priceSource: `decision ${decision.id}`,
    estimated: false,
  };
}

/** The settlement of a decision is the entry that it wrote: a submission's money is settled once. */
function refuseOtherSettlement(
  key: SubmissionKey,
  entries: readonly EntryRow[],
  settlement: Settlement,
  decision: DecisionRecord,
): void {
  const written = entries.find((entry) => entry.price_source === `decision ${decision.id}`);
  const isSame =
    written?.kind === settlement.kind &&
    (settlement.kind === 'release' || written.micros.toString() === settlement.micros);
  if (isSame) return;
  throw new LedgerError(
    'ledger.conflict',
    `decision ${decision.id} cannot settle submission ${key.number.toString()} of job ${key.jobId} ` +
      'like this: its id stands for another settlement; decide again under a new id',
    { details: { decisionId: decision.id, jobId: key.jobId, number: Number(key.number) } },
  );
}
