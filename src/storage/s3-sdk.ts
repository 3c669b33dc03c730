import type * as ClientS3 from '@aws-sdk/client-s3';
import type { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { ConfigError } from '../core/errors.ts';

type S3Sdk = typeof ClientS3;

/** The AWS SDK is an optional peer: who keeps artifacts in files does without it. `config.invalid` where it is missing. */
export async function loadS3Sdk(): Promise<S3Sdk> {
  return installed('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'));
}

/** As {@link loadS3Sdk}, for links. */
export async function loadPresigner(): Promise<{ getSignedUrl: typeof getSignedUrl }> {
  return installed('@aws-sdk/s3-request-presigner', () => import('@aws-sdk/s3-request-presigner'));
}

/** The SDK's client: one call per operation. */
export type S3Api = ClientS3.S3;

async function installed<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ConfigError(
      'config.invalid',
      `storage.url names an S3 store, and the package ${name} is not installed: run \`npm install @aws-sdk/client-s3 @aws-sdk/s3-request-presigner\``,
      { details: { field: 'storage.url', package: name }, cause: error },
    );
  }
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
}
