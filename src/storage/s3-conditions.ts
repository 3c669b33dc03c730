import { TEMPORARY_FOLDER } from './object-key.ts';
import { within } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNotImplemented, isRefusedByCondition, statusOf } from './s3-errors.ts';

/** What the server keeps by itself: with `If-None-Match: *` it never replaces an object. */
export interface S3Conditions {
  readonly onPut: boolean;
  readonly onComplete: boolean;
}

/** An empty object that stays in the bucket, so that the next look finds it there. No key can name it. */
const PROBE_KEY = `${TEMPORARY_FOLDER}/conditional-write`;

/**
 * Asks the server to replace an object on the condition that there is none. One that knows the header refuses, another
 * says that it does not know it, and a third overwrites without a word.
 */
export async function findConditions(bucket: S3Bucket): Promise<S3Conditions> {
  const onPut = (await refusesPut(bucket)) || (await refusesPut(bucket));
  return { onPut, onComplete: await refusesCompletion(bucket) };
}

/** The first put may be the one that makes the object. */
async function refusesPut(bucket: S3Bucket): Promise<boolean> {
  const api = await bucket.api();
  const target = bucket.target(PROBE_KEY);
  return isRefused(async () => {
    await api.putObject({ ...target, Body: new Uint8Array(), IfNoneMatch: '*' }, within());
  });
}

async function refusesCompletion(bucket: S3Bucket): Promise<boolean> {
  const api = await bucket.api();
  const target = bucket.target(PROBE_KEY);
  const { UploadId } = await api.createMultipartUpload(target, within());
  const upload = { ...target, UploadId };
  try {
    const { ETag } = await api.uploadPart(
      { ...upload, PartNumber: 1, Body: new Uint8Array(1) },
      within(),
    );
    const Parts = [{ PartNumber: 1, ETag }];
    return await isRefused(async () => {
      await api.completeMultipartUpload(
        { ...upload, MultipartUpload: { Parts }, IfNoneMatch: '*' },
        within(),
      );
    });
  } finally {
    // Completed, it is gone; else the sweep finds it, should this call fail.
    await api.abortMultipartUpload(upload, within()).catch(() => undefined);
  }
}

async function isRefused(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return false;
  } catch (error) {
    if (isRefusedByCondition(error)) return true;
    if (isNotImplemented(error) || statusOf(error) === 400) return false;
    throw error;
  }
}
