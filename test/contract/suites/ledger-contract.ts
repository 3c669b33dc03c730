import type { ContractCase } from './contract-case.ts';
import { admissionLaws } from './ledger/admission-laws.ts';
import { claimLaws } from './ledger/claim-laws.ts';
import { decisionLaws } from './ledger/decision-laws.ts';
import type { OpenLedger } from './ledger/ledger-under-test.ts';
import { moneyLaws } from './ledger/money-laws.ts';
import { outcomeLaws } from './ledger/outcome-laws.ts';
import { readingLaws } from './ledger/reading-laws.ts';
import { realmLaws } from './ledger/realm-laws.ts';
import { resolutionLaws } from './ledger/resolution-laws.ts';

export interface LedgerContractOptions {
  /** Opens an empty ledger; every case opens its own and disposes of it. */
  readonly open: OpenLedger;
}

/** The laws of the Ledger port. An implementation that passes every case can take the place of any other. */
export function ledgerContract(options: LedgerContractOptions): readonly ContractCase[] {
  const { open } = options;
  return [
    ...admissionLaws(open),
    ...outcomeLaws(open),
    ...claimLaws(open),
    ...resolutionLaws(open),
    ...decisionLaws(open),
    ...moneyLaws(open),
    ...realmLaws(open),
    ...readingLaws(open),
  ];
}
