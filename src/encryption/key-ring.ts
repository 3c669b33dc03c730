import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';
import type { KeyFile } from './key-file.ts';
import { readKeyFile } from './key-file.ts';

/** The part of a configuration that names the keys. */
export interface EncryptionSettings {
  readonly encryption: { readonly keys: readonly KeyFile[] };
}

/** What a sealed text or payload is used as. One cannot be passed off as another. */
export type SealedUse = 'pollux-payload:1' | 'pollux-text:1';

export type Opening =
  | { readonly kind: 'opened'; readonly bytes: Uint8Array }
  /** The ring does not hold the key. */
  | { readonly kind: 'unknown_key' }
  /** Changed, cut short, sealed for another use, or sealed with another key of that id. */
  | { readonly kind: 'damaged' };

/** Ids stand in metadata, in texts at rest and in log lines. */
export const KEY_ID: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The keys of an installation: the first one seals, all of them open. AES-256-GCM with a random IV for every message; the use
 * and the key's id are authenticated with it. Printing a ring shows ids only.
 */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** In the order of the configuration. */
  constructor(keys: ReadonlyMap<string, KeyObject>) {
    this.#keys = keys;
  }

  /** The first one seals. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** `undefined` where the ring is empty: nothing is sealed then. The bytes are IV, ciphertext and tag. */
  seal(plain: Uint8Array, use: SealedUse): { keyId: string; bytes: Uint8Array } | undefined {
    const [first] = this.#keys;
    if (first === undefined) return undefined;
    const [keyId, key] = first;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(use, keyId));
    const body = [cipher.update(plain), cipher.final()];
    return { keyId, bytes: Buffer.concat([iv, ...body, cipher.getAuthTag()]) };
  }

  open(keyId: string, sealed: Uint8Array, use: SealedUse): Opening {
    const key = this.#keys.get(keyId);
    if (key === undefined) return { kind: 'unknown_key' };
    if (sealed.length < IV_BYTES + TAG_BYTES) return { kind: 'damaged' };
    const iv = sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(use, keyId));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const start = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
    try {
      return { kind: 'opened', bytes: Buffer.concat([start, decipher.final()]) };
    } catch {
      return { kind: 'damaged' };
    }
  }

  /** Where a key must be added, for messages. */
  describe(): string {
    const [first, ...others] = this.ids;
    if (first === undefined) return 'no keys: encryption.keys is empty here';
    const rest = others.length === 0 ? '' : `, ${others.join(', ')}`;
    return `the keys ${first}${rest} in encryption.keys`;
  }
}

function boundTo(use: SealedUse, keyId: string): Buffer {
  return Buffer.from(`${use}:${keyId}`, 'utf8');
}

/**
 * Reads every key file of a configuration. Throws one `config.invalid` that names each unusable file and what to do.
 * No keys configured: an empty ring.
 */
export function loadKeyRing({ encryption }: EncryptionSettings): KeyRing {
  const keys = new Map<string, KeyObject>();
  const problems: string[] = [];
  for (const [index, { id, file }] of encryption.keys.entries()) {
    const reading = readKeyFile(file);
    if (keys.has(id)) problems.push(`encryption.keys[${index}].id (${id}): is used twice`);
    else if (reading.kind === 'key') keys.set(id, reading.key);
    else problems.push(`encryption.keys[${index}].file (${file}): ${reading.problem}`);
  }
  if (problems.length > 0) throw new ConfigError('config.invalid', problems.join('\n'));
  return new KeyRing(keys);
}

/** The ring of a configuration, read at its first use: many commands never need a key. What failed is tried again. */
export function lazyKeyRing(settings: EncryptionSettings): () => KeyRing {
  let ring: KeyRing | undefined;
  return () => (ring ??= loadKeyRing(settings));
}
