import { createHmac, timingSafeEqual } from 'node:crypto';
import { toCallbackSecrets } from '../core/callback-secrets.ts';
import type { CallbackTarget, CallbackUrls } from '../core/callbacks.ts';
import type { Clock } from '../core/clock.ts';
import { isJobId } from '../core/keys.ts';
import type { Secret } from '../core/secret.ts';

const SETTING = 'callbacks.secret';
/** Separates these digests from any other use of the same secret. */
const DOMAIN = 'pollux callback v1';
/** 144 bit: more than 128, and a whole number of base64url characters, so that a token has one spelling. */
const MAC_BYTES = 18;
const VERSION_BYTES = 6;
const KEY_MEMORY_MS = 1_000;
/** `/hooks/<account>/<job>/<number>/<token>` */
const PATH =
  /^\/hooks\/(?<account>[A-Za-z0-9_-]{1,50})\/(?<jobRef>[A-Za-z0-9_-]{1,270})\/(?<number>[1-9]\d{0,5})\/(?<token>[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{24})$/;

/** One secret as it is used. */
interface CallbackKey {
  /** Names the key in a token without telling it. */
  readonly version: string;
  readonly key: Buffer;
}

/**
 * Makes the URLs of callbacks: `<publicUrl>/hooks/<account>/<job>/<number>/<token>`, where `job` is the job's id in base64url and
 * `token` is `<key version>.<HMAC of all that stands before it>`. The secret is read now and with every URL, so that a new one
 * takes effect at once. Throws `config.invalid` for a secret that is not there or too short.
 */
export function createCallbackUrls(publicUrl: string, secret: Secret): CallbackUrls {
  const base = publicUrl.replace(/\/+$/, '');
  signingKey(secret);
  return (target) => base + toCallbackPath(target, signingKey(secret));
}

/** The submission that a path stands for; `undefined` for every path that none of the secrets has signed. */
export type ReadCallbackPath = (path: string) => CallbackTarget | undefined;

/**
 * Reads the paths of {@link createCallbackUrls}. A new secret takes effect within a second. Throws `config.invalid` for a secret
 * that is not there or too short.
 */
export function createPathReader(secret: Secret, clock: Clock): ReadCallbackPath {
  const readKeys = rememberKeys(secret, clock);
  return (path) => {
    const { account, jobRef, number, token } = PATH.exec(path)?.groups ?? {};
    if (!account || !jobRef || !number || !token) return undefined;
    const jobId = Buffer.from(jobRef, 'base64url').toString();
    // A text in base64url can be spelt in several ways; only ours is signed.
    if (toJobRef(jobId) !== jobRef || !isJobId(jobId)) return undefined;
    const target = { account, jobId, number: Number(number) };
    return readKeys().some((key) => isSame(token, toToken(target, key))) ? target : undefined;
  };
}

function toCallbackPath(target: CallbackTarget, key: CallbackKey): string {
  const { account, jobId, number } = target;
  return `/hooks/${account}/${toJobRef(jobId)}/${String(number)}/${toToken(target, key)}`;
}

function toJobRef(jobId: string): string {
  return Buffer.from(jobId).toString('base64url');
}

function toToken(
  { account, jobId, number }: CallbackTarget,
  { version, key }: CallbackKey,
): string {
  // None of the parts can hold a line feed, so no two targets give the same text.
  const mac = digest(key, `${DOMAIN} token\n${account}\n${jobId}\n${String(number)}`);
  return `${version}.${mac.subarray(0, MAC_BYTES).toString('base64url')}`;
}

function isSame(left: string, right: string): boolean {
  const [given, expected] = [Buffer.from(left), Buffer.from(right)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function signingKey(secret: Secret): CallbackKey {
  return toKey(toCallbackSecrets(secret.reveal(), SETTING)[0]);
}

/** Looks at the secret once a second at most. While it cannot be used, because it is being replaced, the known keys stay. */
function rememberKeys(secret: Secret, clock: Clock): () => readonly CallbackKey[] {
  const read = (): CallbackKey[] => toCallbackSecrets(secret.reveal(), SETTING).map(toKey);
  let keys = read();
  let readAt = clock();
  return () => {
    if (Math.abs(clock() - readAt) < KEY_MEMORY_MS) return keys;
    readAt = clock();
    try {
      keys = read();
    } catch {
      return keys;
    }
    return keys;
  };
}

function toKey(secret: string): CallbackKey {
  const version = digest(secret, `${DOMAIN} version`).subarray(0, VERSION_BYTES);
  return { version: version.toString('base64url'), key: digest(secret, `${DOMAIN} key`) };
}

function digest(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
