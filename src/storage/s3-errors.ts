import { isMediaJobError, StorageError } from '../core/errors.ts';

/** Answers of a store that has no room left. Servers name it differently. */
const NO_ROOM = /^(InsufficientStorage|QuotaExceeded|XMinioStorageFull|StorageFull)/;
const WRONG_SECRET = /^(SignatureDoesNotMatch|InvalidAccessKeyId|UnrecognizedClient)/;
const OLD_SESSION = /^(ExpiredToken|InvalidToken|RequestExpired|RequestTimeTooSkewed)/;
const WRONG_REGION = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/;
const NO_CREDENTIALS = 'CredentialsProviderError';
const NO_REGION = 'Region is missing';
/** Without the right to list, a server says 403 of an object that is not there. */
const PERMISSIONS =
  's3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and s3:ListBucketMultipartUploads';
const NAME = /^[A-Za-z0-9_.-]{1,80}$/;

/** HTTP status of the server's answer; `undefined` where none came. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const status = 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The server has something at the key already (412), or takes another write of it at this moment (409). */
export function isRefusedByCondition(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 409;
}

/** The server says that it does not know a header or an operation. */
export function isNotImplemented(error: unknown): boolean {
  return statusOf(error) === 501 || nameOf(error) === 'NotImplemented';
}

export function isNoSuchBucket(error: unknown): boolean {
  return nameOf(error) === 'NoSuchBucket';
}

/** Runs calls of the SDK, whose trouble becomes `storage.unavailable` or `storage.full`. */
export async function storingInBucket<Result>(
  what: string,
  bucket: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error, what, bucket);
  }
}

/** The server's own text stays out of the message: it may repeat the key id and what was signed. */
function toStorageError(error: unknown, what: string, bucket: string): unknown {
  if (isMediaJobError(error) || isMistake(error)) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const answer = status === undefined ? name : `${String(status)} ${name}`;
  const details = { bucket, answer };
  if (status === 507 || NO_ROOM.test(name)) {
    return new StorageError(
      'storage.full',
      `${what}: bucket ${bucket} has no room (${answer}); free some, or raise its quota`,
      { details },
    );
  }
  return new StorageError(
    'storage.unavailable',
    `${what}: ${explain(error, name, status, bucket)} (${answer})`,
    { details },
  );
}

function explain(error: unknown, name: string, status: number | undefined, bucket: string): string {
  if (name === 'NoSuchBucket') return `there is no bucket ${bucket}; make it, or set storage.url`;
  if (name === NO_CREDENTIALS) {
    return 'no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an AWS profile';
  }
  if (WRONG_SECRET.test(name)) {
    return 'the S3 server does not accept the key; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  }
  if (OLD_SESSION.test(name)) {
    return 'the S3 server takes the credentials for expired; renew them, and check the clock';
  }
  if (WRONG_REGION.test(name) || status === 301) {
    return `bucket ${bucket} is in another region; set region in storage.url`;
  }
  if (error instanceof Error && error.message.startsWith(NO_REGION)) {
    return 'no region; set region in storage.url, or AWS_REGION';
  }
  if (status === 403 || status === 401) {
    return `the S3 server refuses it; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that the key has ${PERMISSIONS} in bucket ${bucket}`;
  }
  return status === undefined
    ? 'no answer from the S3 server; check the endpoint and the network'
    : 'the S3 server cannot do it now';
}

/** A name of the error that is safe to show. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  const name = error.name === 'Error' && typeof code === 'string' ? code : error.name;
  return NAME.test(name) ? name : 'unknown';
}

/** An error of the program itself, which no retry mends. */
function isMistake(error: unknown): boolean {
  return [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind);
}
