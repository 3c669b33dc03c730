export type { ContractCase } from './contract-case.ts';
export { providerContract } from './provider-contract.ts';
export type { ProviderContractOptions } from './provider-contract.ts';
export { artifactStoreContract } from './artifact-store-contract.ts';
export type {
  ArtifactStoreContractOptions,
  ArtifactStoreUnderTest,
} from './artifact-store-contract.ts';
export type { LedgerUnderTest } from './ledger/ledger-under-test.ts';
export { ledgerContract } from './ledger-contract.ts';
export type { LedgerContractOptions } from './ledger-contract.ts';
export { spoolContract } from './spool-contract.ts';
export type { SpoolContractOptions, SpoolUnderTest } from './spool-contract.ts';
