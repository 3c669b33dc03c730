import type { CompletedPart, PutObjectCommandInput } from '@aws-sdk/client-s3';

import type { ObjectLabel } from '../core/artifact-store.ts';
import { PART_BYTES, partBuffers, PARTS_IN_FLIGHT } from './part-buffers.ts';
import { LONG_CALL_TIMEOUT_MS, within } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isRefusedByCondition } from './s3-errors.ts';
import type { S3Api } from './s3-sdk.ts';
import type { TemporaryFile } from './temporary-file.ts';

/** A finished temporary, and where and as what it is put. */
export interface S3Upload {
  readonly key: string;
  readonly temporary: TemporaryFile;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly label: ObjectLabel | undefined;
}

interface StartedUpload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

/** `If-None-Match: *`, where the server keeps it. */
export type Condition = Pick<PutObjectCommandInput, 'IfNoneMatch'>;

/** Metadata of an object, beside what its label says. */
export const SHA256_METADATA = 'sha256';

/** Small enough for one call. */
export function fitsOneCall(sizeBytes: number): boolean {
  return sizeBytes < PART_BYTES;
}

/** Puts the bytes in one call. `false` where the condition refused it. */
export async function putWhole(
  bucket: S3Bucket,
  upload: S3Upload,
  condition: Condition,
): Promise<boolean> {
  const api = await bucket.api();
  const checksum =
    bucket.location.checksums === 'whenSupported'
      ? { ChecksumSHA256: Buffer.from(upload.sha256, 'hex').toString('base64') }
      : {};
  return partBuffers.lend(async (buffer) => {
    const Body = await upload.temporary.readInto(buffer.subarray(0, upload.sizeBytes), 0);
    const put = { ...bucket.target(upload.key), ...headersOf(upload), ...checksum, ...condition };
    return isPlaced(() => api.putObject({ ...put, Body }, within(LONG_CALL_TIMEOUT_MS)));
  });
}

/**
 * Puts the bytes part by part; the object does not exist before the last call. `false` where the condition refused it.
 * What was sent is given up on every error, and by the sweep where that fails, too.
 */
export async function putInParts(
  bucket: S3Bucket,
  upload: S3Upload,
  condition: Condition,
): Promise<boolean> {
  const api = await bucket.api();
  const target = bucket.target(upload.key);
  const algorithm =
    bucket.location.checksums === 'whenSupported' ? { ChecksumAlgorithm: 'CRC32' as const } : {};
  const { UploadId } = await api.createMultipartUpload(
    { ...target, ...headersOf(upload), ...algorithm },
    within(),
  );
  const started = { ...target, UploadId };
  let isDone = false;
  try {
    const Parts = [...(await sendParts(api, started, upload))];
    const complete = { ...started, MultipartUpload: { Parts }, ...condition };
    isDone = await isPlaced(() =>
      api.completeMultipartUpload(complete, within(LONG_CALL_TIMEOUT_MS)),
    );
    return isDone;
  } finally {
    if (!isDone) await api.abortMultipartUpload(started, within()).catch(() => undefined);
  }
}

/** Sends the parts, a few at once. The first trouble ends them all; none is under way any more when this returns. */
async function sendParts(
  api: S3Api,
  started: StartedUpload,
  { temporary, sizeBytes }: S3Upload,
): Promise<readonly CompletedPart[]> {
  const count = Math.ceil(sizeBytes / PART_BYTES);
  const parts: CompletedPart[] = [];
  const trouble = new AbortController();
  let next = 0;

  const sendPart = async (index: number, buffer: Uint8Array): Promise<void> => {
    const offset = index * PART_BYTES;
    const room = buffer.subarray(0, Math.min(PART_BYTES, sizeBytes - offset));
    const part = { PartNumber: index + 1, Body: await temporary.readInto(room, offset) };
    const options = within(LONG_CALL_TIMEOUT_MS, trouble.signal);
    const { ETag, ChecksumCRC32 } = await api.uploadPart({ ...started, ...part }, options);
    parts[index] = { PartNumber: part.PartNumber, ETag, ChecksumCRC32 };
  };
  const sendInTurn = async (): Promise<void> => {
    while (next < count && !trouble.signal.aborted) {
      const index = next;
      next += 1;
      await partBuffers.lend((buffer) => sendPart(index, buffer));
    }
  };
  const endAll = (error: unknown): never => {
    trouble.abort();
    throw error;
  };

  const turns = Array.from({ length: PARTS_IN_FLIGHT }, () => sendInTurn().catch(endAll));
  const results = await Promise.allSettled(turns);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return parts;
}

function headersOf({ label, sha256 }: S3Upload): Partial<PutObjectCommandInput> {
  return {
    ContentType: label?.mediaType ?? 'application/octet-stream',
    // Nothing that a provider sent is shown inside a page of the bucket's host.
    ContentDisposition: 'attachment',
    Metadata: { ...label?.metadata, [SHA256_METADATA]: sha256 },
  };
}

async function isPlaced(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isRefusedByCondition(error)) return false;
    throw error;
  }
}
