import { within } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNotImplemented, statusOf } from './s3-errors.ts';

/** Gives up multipart uploads under the prefix that began before `beforeMs` and were never completed. How many. */
export async function abortUploads(bucket: S3Bucket, beforeMs: number): Promise<number> {
  const api = await bucket.api();
  let aborted = 0;
  for await (const upload of unfinishedUploads(bucket)) {
    const isOld = upload.Initiated !== undefined && upload.Initiated.getTime() <= beforeMs;
    if (!isOld) continue;
    const { Key, UploadId } = upload;
    await orGone(api.abortMultipartUpload({ Bucket: bucket.name, Key, UploadId }, within()));
    aborted += 1;
  }
  return aborted;
}

interface UnfinishedUpload {
  readonly Key?: string | undefined;
  readonly UploadId?: string | undefined;
  readonly Initiated?: Date | undefined;
}

/** None where the server has no list of them: then it is for the bucket's own rule to end them. */
async function* unfinishedUploads(bucket: S3Bucket): AsyncIterable<UnfinishedUpload> {
  const api = await bucket.api();
  let position: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {};
  for (;;) {
    const request = { Bucket: bucket.name, Prefix: bucket.location.prefix, ...position };
    const page = await orNotImplemented(api.listMultipartUploads(request, within()));
    yield* page?.Uploads ?? [];
    if (page?.IsTruncated !== true || page.NextKeyMarker === undefined) return;
    const { NextKeyMarker, NextUploadIdMarker } = page;
    position = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
    };
  }
}

async function orNotImplemented<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotImplemented(error)) return undefined;
    throw error;
  }
}

/** Another sweep, or the upload's own end, was first. */
async function orGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}
