import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { missingSecrets } from '../config.ts';
import type { Installation } from '../installation.ts';
import type { Check } from './checks.ts';

/** A machine that only starts jobs needs no key, so this is said, not counted against a client. */
export function checkSecrets(config: Config): Check {
  const missing = missingSecrets(config);
  if (missing.length === 0) {
    const accounts = [...config.accounts.keys()].join(', ');
    return { name: 'keys', outcome: 'ok', message: `present for ${accounts}` };
  }
  return {
    name: 'keys',
    outcome: 'problem',
    message: missing.join('; '),
    advice: 'a worker needs them; a machine that only starts jobs does not',
    code: 'config.invalid',
  };
}

/** Opens, which brings the tables up to date, reads, and checks that the file may be written. */
export async function checkLedger(installation: Installation): Promise<string> {
  const { path, url } = installation.config.ledger;
  const ledger = await installation.openLedger();
  try {
    await ledger.jobs({ limit: 1 });
    await access(path, constants.R_OK | constants.W_OK);
    await access(dirname(path), constants.W_OK);
  } finally {
    await ledger.close();
  }
  return `${url} opens and can be written`;
}

/** Publishes a small object as a transfer would, reads it back and removes it. */
export async function checkStorage(installation: Installation): Promise<string> {
  const store = installation.openStore();
  const key = `doctor/${randomUUID()}.txt`;
  const temporary = await store.openTemporary(key);
  try {
    await temporary.write(Buffer.from('pollux doctor'));
    await temporary.finish();
    await store.publish(temporary, key);
    const found = await store.head(key);
    if (found === undefined) throw new Error(`an object that was just published is not there`);
  } finally {
    await temporary.discard();
    await store.remove(key);
  }
  return `${installation.config.storage.url} takes, shows and removes an object`;
}

export async function checkSpool({ spool }: Config): Promise<string> {
  await mkdir(spool.directory, { recursive: true });
  const probe = join(spool.directory, `doctor-${randomUUID()}`);
  await writeFile(probe, '');
  await rm(probe);
  return `${spool.directory} can be written`;
}
