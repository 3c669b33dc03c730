import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** A key of the configuration: its name on the wire and where its bytes are. */
export interface KeyFile {
  readonly id: string;
  /** Absolute path. */
  readonly file: string;
}

export type KeyFileReading =
  | { readonly kind: 'key'; readonly key: KeyObject }
  /** `problem` says what is wrong with the file and what to do. */
  | { readonly kind: 'unusable'; readonly problem: string };

const KEY_BYTES = 32;
const HEX = /^[0-9a-f]{64}$/i;
/** Standard and URL-safe alphabet, with and without padding. */
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;
/** What `openssl rand -hex 16` writes: as many characters as a key has bytes, and half its strength. */
const HALF_A_KEY = /^[0-9a-f]{32}$/i;
/** Permission bits of everybody who is neither the owner nor of the group. */
const OTHERS = 0o007;

/** Reads one AES-256 key: 64 hex characters, 43 or 44 base64 characters, or 32 raw bytes. */
export function readKeyFile(file: string): KeyFileReading {
  let bytes: Buffer;
  let mode: number;
  try {
    mode = statSync(file).mode;
    bytes = readFileSync(file);
  } catch (error) {
    return unusable(reasonOf(error, file));
  }
  // Windows has no such bits: every file there shows all of them.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    return unusable(`every user of this machine may use it (mode ${shown}): run chmod 600 ${file}`);
  }
  return toKey(bytes, file);
}

function toKey(bytes: Buffer, file: string): KeyFileReading {
  const text = bytes.toString('latin1').trim();
  if (HALF_A_KEY.test(text)) {
    return unusable(`holds 16 bytes in hex, half of what a key needs; ${howToMake(file)}`);
  }
  if (bytes.length === KEY_BYTES) return found(bytes);
  if (HEX.test(text)) return found(Buffer.from(text, 'hex'));
  if (BASE64.test(text)) return found(Buffer.from(text, 'base64'));
  return unusable(
    `holds ${bytes.length} bytes that are no key: it must be 32 bytes, as 64 hex characters, as base64 or raw; ${howToMake(file)}`,
  );
}

function found(bytes: Uint8Array): KeyFileReading {
  return { kind: 'key', key: createSecretKey(bytes) };
}

function unusable(problem: string): KeyFileReading {
  return { kind: 'unusable', problem };
}

function reasonOf(error: unknown, file: string): string {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  const code = isCoded ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
      return `does not exist; ${howToMake(file)}, or restore the key that was used before`;
    case 'EISDIR':
      return 'is a directory; name the file with the key';
    case 'EACCES':
      return 'may not be read by this user; give it to the user that runs Pollux, with mode 600';
    default:
      return `cannot be read: ${code}`;
  }
}

function howToMake(file: string): string {
  return `make one with: openssl rand -hex 32 > ${file} && chmod 600 ${file}`;
}
