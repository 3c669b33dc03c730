import { createReadStream } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { serveQuestions } from '../bench-process.ts';

/** The other side of S3: the AWS SDK's own multipart upload of a local file, with its own settings, and nothing else. */

export interface UploadQuestion {
  readonly path: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
}

export interface UploadAnswer {
  readonly seconds: number;
}

let client: S3Client | undefined;

async function upload({ path, endpoint, bucket, key }: UploadQuestion): Promise<UploadAnswer> {
  client ??= new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  const startedAt = performance.now();
  await new Upload({
    client,
    params: { Bucket: bucket, Key: key, Body: createReadStream(path) },
  }).done();
  return { seconds: (performance.now() - startedAt) / 1000 };
}

serveQuestions(
  (question) => upload(question as UploadQuestion),
  async () => client?.destroy(),
);
