import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';

import type { ObjectHead } from '../core/artifact-store.ts';
import { StorageError } from '../core/errors.ts';
import type { ByteReader } from '../core/media.ts';
import { PART_BYTES } from './part-buffers.ts';
import { LONG_CALL_TIMEOUT_MS, within } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNoSuchBucket, statusOf, storingInBucket } from './s3-errors.ts';
import { SHA256_METADATA } from './s3-upload.ts';

const READ_AHEAD_BYTES = 256 * 1024;
const SHA256 = /^[0-9a-f]{64}$/;

/** An object as it was at one moment. */
interface S3Version extends ObjectHead {
  readonly entityTag: string | undefined;
}

/** Bytes of an object, and where they begin. */
interface Window {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** `undefined` where there is nothing. */
export async function headObject(bucket: S3Bucket, key: string): Promise<S3Version | undefined> {
  const api = await bucket.api();
  const head = await orAbsent(api.headObject(bucket.target(key), within()));
  return head === undefined ? undefined : toVersion(head);
}

/**
 * Every call asks for the same version: an object that was replaced meanwhile is no mixture of two. Who looks at a file
 * reads a few bytes here and the next few there, so a small read fetches what lies behind it, too.
 */
export function createObjectReader(bucket: S3Bucket, key: string, version: S3Version): ByteReader {
  const { sizeBytes } = version;
  let ahead: Window = { offset: 0, bytes: new Uint8Array() };
  const fetchRange = (offset: number, length: number): Promise<Uint8Array> => {
    const last = Math.min(offset + length, sizeBytes) - 1;
    const range = `bytes=${String(offset)}-${String(last)}`;
    return storingInBucket(`reading ${key}`, bucket.name, () =>
      readRange(bucket, key, version, range),
    );
  };
  return {
    sizeBytes,
    read: async (offset, length) => {
      const available = Math.max(0, Math.min(length, sizeBytes - offset));
      if (available === 0) return new Uint8Array();
      if (available >= READ_AHEAD_BYTES) return fetchRange(offset, available);
      const isHere =
        offset >= ahead.offset && offset + available <= ahead.offset + ahead.bytes.length;
      const window: Window = isHere
        ? ahead
        : { offset, bytes: await fetchRange(offset, READ_AHEAD_BYTES) };
      ahead = window;
      const start = offset - window.offset;
      return window.bytes.subarray(start, start + available);
    },
    close: () => Promise.resolve(),
  };
}

/** Hex SHA-256 of an object, from its metadata or its bytes. */
export async function sha256Of(bucket: S3Bucket, key: string, version: S3Version): Promise<string> {
  if (version.sha256 !== undefined) return version.sha256;
  const reader = createObjectReader(bucket, key, version);
  const hash = createHash('sha256');
  for (let offset = 0; offset < version.sizeBytes;) {
    const bytes = await reader.read(offset, PART_BYTES);
    hash.update(bytes);
    offset += bytes.length;
  }
  return hash.digest('hex');
}

export function missing(key: string): StorageError {
  return new StorageError('storage.missing', `${key} is not in the store`, { details: { key } });
}

async function readRange(
  bucket: S3Bucket,
  key: string,
  version: S3Version,
  range: string,
): Promise<Uint8Array> {
  const api = await bucket.api();
  const options = within(LONG_CALL_TIMEOUT_MS);
  const wanted = { ...bucket.target(key), Range: range, IfMatch: version.entityTag };
  try {
    const found = await orAbsent(api.getObject(wanted, options));
    if (found?.Body === undefined) throw missing(key);
    return await found.Body.transformToByteArray();
  } catch (error) {
    if (statusOf(error) !== 412) throw error;
    throw new StorageError('storage.corrupt', `${key} was replaced while it was read`, {
      details: { key },
    });
  }
}

function toVersion({ ContentLength, ETag, Metadata }: HeadObjectCommandOutput): S3Version {
  const sha256 = Metadata?.[SHA256_METADATA];
  return {
    sizeBytes: ContentLength ?? 0,
    entityTag: ETag,
    ...(sha256 !== undefined && SHA256.test(sha256) ? { sha256 } : {}),
  };
}

async function orAbsent<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statusOf(error) === 404 && !isNoSuchBucket(error)) return undefined;
    throw error;
  }
}
