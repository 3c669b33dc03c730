import { existsSync } from 'node:fs';
import type { Installation } from '../installation.ts';
import { readAppliedSchema } from '../ledger/applied-schema.ts';
import { SCHEMA } from '../ledger/migrate.ts';

const LOCK_WAIT_MS = 5_000;

/** The last migration of this release. */
export function currentLedgerSchema(): string {
  return SCHEMA;
}

/** From which migration a ledger was brought to which. */
export interface MigratedLedger {
  /** `null`: there was no ledger. */
  readonly from: string | null;
  readonly to: string;
}

/** Brings the ledger to this release, and makes it where there is none. Run twice: nothing changes the second time. */
export async function migrateLedger(installation: Installation): Promise<MigratedLedger> {
  const from = await readSchema(installation);
  const ledger = await installation.openLedger();
  await ledger.close();
  return { from, to: SCHEMA };
}

async function readSchema({ config: { ledger } }: Installation): Promise<string | null> {
  if (ledger.kind === 'postgres') {
    return await readAppliedSchema(ledger.address.reveal(), LOCK_WAIT_MS);
  }
  return existsSync(ledger.path) ? await readAppliedSchema(ledger.url, LOCK_WAIT_MS) : null;
}
