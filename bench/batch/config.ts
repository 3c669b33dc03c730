import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import { engineConfig } from '../engine/config.ts';

/** The configuration of both sides: real ledger and store, because the batch reads its items and writes its results there. */
export function batchConfig(address: string, directory: string): Config {
  const ledger = join(directory, 'ledger.db');
  const artifacts = join(directory, 'artifacts');
  return {
    ...engineConfig(address),
    ledger: { kind: 'sqlite', url: `sqlite:${ledger}`, path: ledger },
    storage: { kind: 'file', url: `file:${artifacts}`, path: artifacts },
  };
}
