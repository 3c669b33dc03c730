import type { S3ClientConfig } from '@aws-sdk/client-s3';

import type { S3Location } from '../core/s3-url.ts';
import { loadS3Sdk } from './s3-sdk.ts';
import type { S3Api } from './s3-sdk.ts';

/** A call that carries no artifact. */
const CALL_TIMEOUT_MS = 30_000;
/** A call that carries up to a part, or waits until the server has put parts together. */
export const LONG_CALL_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_TIMEOUT_MS = 120_000;
/** Of one call. What lasts longer is retried by the server of the workflows, not here. */
const MAX_ATTEMPTS = 3;
/** Without an endpoint's own rule: every server other than Amazon's takes this one. */
const USUAL_REGION = 'us-east-1';

export interface CallOptions {
  readonly abortSignal: AbortSignal;
}

/** One bucket, under one prefix. The SDK is loaded and connected when it is first needed. */
export class S3Bucket {
  readonly location: S3Location;
  #api: Promise<S3Api> | undefined;

  constructor(location: S3Location) {
    this.location = location;
  }

  get name(): string {
    return this.location.bucket;
  }

  async api(): Promise<S3Api> {
    this.#api ??= this.#connect();
    return this.#api;
  }

  /** What names an object in a call. */
  target(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.name, Key: this.location.prefix + key };
  }

  async #connect(): Promise<S3Api> {
    const { S3 } = await loadS3Sdk();
    return new S3(toClientConfig(this.location));
  }
}

/** No call may hang: every one ends by itself, its retries included. */
export function within(timeoutMs: number = CALL_TIMEOUT_MS, signal?: AbortSignal): CallOptions {
  const deadline = AbortSignal.timeout(timeoutMs);
  return { abortSignal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]) };
}

/** Credentials are not among it: the SDK finds them in the environment, its files, or the machine's role. */
function toClientConfig(location: S3Location): S3ClientConfig {
  const region = location.region ?? (location.endpoint === undefined ? undefined : USUAL_REGION);
  const checksums = location.checksums === 'whenRequired' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';
  return {
    ...(region === undefined ? {} : { region }),
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint }),
    forcePathStyle: location.pathStyle,
    maxAttempts: MAX_ATTEMPTS,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
    },
  };
}
