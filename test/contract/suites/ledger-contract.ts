import type { ContractCase } from './contract-case.ts';
import { admissionLaws } from './ledger/admission-laws.ts';
import { batchLaws } from './ledger/batch-laws.ts';
import { budgetLaws } from './ledger/budget-laws.ts';
import { claimLaws } from './ledger/claim-laws.ts';
import { decisionLaws } from './ledger/decision-laws.ts';
import { durationLaws } from './ledger/duration-laws.ts';
import { exportLaws } from './ledger/export-laws.ts';
import type { OpenLedger } from './ledger/ledger-under-test.ts';
import { moneyLaws } from './ledger/money-laws.ts';
import { monthLaws } from './ledger/month-laws.ts';
import { outcomeLaws } from './ledger/outcome-laws.ts';
import { pauseLaws } from './ledger/pause-laws.ts';
import { placeLaws } from './ledger/place-laws.ts';
import { readingLaws } from './ledger/reading-laws.ts';
import { realmLaws } from './ledger/realm-laws.ts';
import { rerunLaws } from './ledger/rerun-laws.ts';
import { resolutionLaws } from './ledger/resolution-laws.ts';
import { settlementLaws } from './ledger/settlement-laws.ts';
import { statementLaws } from './ledger/statement-laws.ts';

export interface LedgerContractOptions {
  /** Opens an empty ledger; every case opens its own and disposes of it. */
  readonly open: OpenLedger;
  /** Opens an empty ledger of another kind, to import into. Absent for a ledger that keeps no rows in a database. */
  readonly openOther?: OpenLedger;
}

/** The laws of the Ledger port. An implementation that passes every case can take the place of any other. */
export function ledgerContract(options: LedgerContractOptions): readonly ContractCase[] {
  const { open, openOther } = options;
  return [
    ...admissionLaws(open),
    ...placeLaws(open),
    ...rerunLaws(open),
    ...outcomeLaws(open),
    ...claimLaws(open),
    ...resolutionLaws(open),
    ...decisionLaws(open),
    ...moneyLaws(open),
    ...realmLaws(open),
    ...readingLaws(open),
    ...budgetLaws(open),
    ...pauseLaws(open),
    ...settlementLaws(open),
    ...monthLaws(open),
    ...statementLaws(open),
    ...batchLaws(open),
    ...durationLaws(open),
    ...(openOther === undefined ? [] : exportLaws(open, openOther)),
  ];
}
