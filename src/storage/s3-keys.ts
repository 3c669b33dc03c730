import { isKey, splitKey } from './object-key.ts';
import { within } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { storingInBucket } from './s3-errors.ts';

/** Keys below a prefix. What other programs put under names that are no keys is left out. */
export async function* listKeys(bucket: S3Bucket, prefix: string): AsyncIterable<string> {
  const folderKey = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
  if (folderKey !== '') splitKey(folderKey);
  const before = bucket.location.prefix;
  const request = { Bucket: bucket.name, Prefix: before + prefix };
  let token: string | undefined;
  do {
    const position = token === undefined ? {} : { ContinuationToken: token };
    const page = await storingInBucket('listing keys', bucket.name, async () => {
      const api = await bucket.api();
      return api.listObjectsV2({ ...request, ...position }, within());
    });
    for (const { Key = '' } of page.Contents ?? []) {
      const key = Key.slice(before.length);
      if (isKey(key)) yield key;
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
