import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyRing } from '../../../src/encryption/key-ring.ts';
import { loadKeyRing } from '../../../src/encryption/key-ring.ts';

export interface WrittenKey {
  readonly id: string;
  readonly file: string;
}

/** Writes a fresh key as `openssl rand -hex 32` would. */
export function writeKey(folder: string, id: string): WrittenKey {
  const file = join(folder, `${id}.key`);
  writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  return { id, file };
}

export function ringOf(...keys: readonly WrittenKey[]): KeyRing {
  return loadKeyRing({ encryption: { keys } });
}
