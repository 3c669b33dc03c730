import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { missingSecrets } from '../config.ts';
import type { ArtifactStore } from '../core/artifact-store.ts';
import { LedgerError } from '../core/errors.ts';
import { SILENT } from '../core/logger.ts';
import type { Installation } from '../installation.ts';
import type { Check, Finding } from './checks.ts';
import { summarizeError } from './report-error.ts';

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

/** Who can read prompts and result URLs, and whether the keys that hide them are usable. */
export function checkEncryption({ config, sealer }: Installation): Check {
  const name = 'encryption';
  const [first, ...others] = config.encryption.keys.map(({ id }) => id);
  try {
    if (first === undefined || !sealer.isSealing) return notEncrypted(name);
  } catch (error) {
    const { message, code = 'config.invalid' } = summarizeError(error);
    return { name, outcome: 'problem', message, code };
  }
  const older = others.map((id) => `; ${id} decrypts, too`).join('');
  return { name, outcome: 'ok', message: `payloads are encrypted with key ${first}${older}` };
}

function notEncrypted(name: string): Check {
  return {
    name,
    outcome: 'notice',
    message: 'off: prompts and result URLs can be read in Temporal’s history',
    advice: 'to hide them, name a key in encryption.keys',
  };
}

/** Opens, which brings the tables up to date, looks for damage, and checks that a file may be written. */
export async function checkLedger(installation: Installation): Promise<string> {
  const location = installation.config.ledger;
  const ledger = await installation.openLedger();
  try {
    const damage = await ledger.check();
    if (damage.length > 0) throw new LedgerError('ledger.unavailable', damage.join('; '));
  } finally {
    await ledger.close();
  }
  if (location.kind === 'sqlite') {
    await access(location.path, constants.R_OK | constants.W_OK);
    await access(dirname(location.path), constants.W_OK);
  }
  return `${location.url} opens and can be written`;
}

/** Publishes a small object as a transfer would, reads it back and removes it, and says what the store can do. */
export async function checkStorage(installation: Installation): Promise<Finding> {
  const store = installation.openStore();
  await writeAndRemove(store);
  const { facts, warnings } = (await store.probe?.()) ?? { facts: [], warnings: [] };
  const found = facts.map((fact) => `; ${fact}`).join('');
  const message = `${installation.config.storage.url} takes, shows and removes an object${found}`;
  return warnings.length === 0
    ? { outcome: 'ok', message }
    : { outcome: 'notice', message, advice: warnings.join('; ') };
}

async function writeAndRemove(store: ArtifactStore): Promise<void> {
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
}

/** Says how files are judged, and that what judges them is here. */
export async function checkVerification(installation: Installation): Promise<string> {
  await installation.openInspector(SILENT);
  return installation.config.verification.decode
    ? 'files are checked by their structure and decoded by ffmpeg'
    : 'files are checked by their structure';
}

export async function checkSpool({ spool }: Config): Promise<string> {
  await mkdir(spool.directory, { recursive: true });
  const probe = join(spool.directory, `doctor-${randomUUID()}`);
  await writeFile(probe, '');
  await rm(probe);
  return `${spool.directory} can be written`;
}
