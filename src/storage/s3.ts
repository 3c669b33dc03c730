import { setTimeout as delay } from 'node:timers/promises';

import type {
  ArtifactStore,
  ObjectHead,
  ObjectLabel,
  StoredObject,
  StoreFindings,
  TemporaryMark,
  TemporaryObject,
} from '../core/artifact-store.ts';
import { RequestError, StorageError } from '../core/errors.ts';
import type { ByteReader } from '../core/media.ts';
import type { S3Location } from '../core/s3-url.ts';
import { splitKey } from './object-key.ts';
import { S3Bucket, within } from './s3-bucket.ts';
import { findConditions } from './s3-conditions.ts';
import type { S3Conditions } from './s3-conditions.ts';
import { storingInBucket } from './s3-errors.ts';
import { toFindings } from './s3-findings.ts';
import { listKeys } from './s3-keys.ts';
import { createObjectReader, headObject, missing, sha256Of } from './s3-objects.ts';
import { loadPresigner, loadS3Sdk } from './s3-sdk.ts';
import { abortUploads } from './s3-unfinished-uploads.ts';
import { fitsOneCall, putInParts, putWhole } from './s3-upload.ts';
import type { S3Upload } from './s3-upload.ts';
import { TemporaryFile } from './temporary-file.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface S3StoreOptions {
  readonly location: S3Location;
  /** Absolute path of the folder, on this machine, that takes the bytes until they are checked. */
  readonly temporaryDirectory: string;
}

/** Tries of one publication that meet another one. */
const MAX_PLACINGS = 3;
const PLACING_PAUSE_MS = 200;
/** Signatures live a week at most. */
const MAX_LINK_SECONDS = 604_800;

/**
 * Artifacts as objects of one bucket, under a prefix and their keys. Credentials are those that the AWS SDK finds.
 * Several processes, on several machines, may use the prefix at once.
 *
 * @example
 * const location = parseS3Url('s3://media/pollux?region=eu-central-1');
 * const store = createS3Store({ location, temporaryDirectory: '/var/lib/pollux/transfers' });
 */
export function createS3Store(options: S3StoreOptions): ArtifactStore {
  return new S3Store(new S3Bucket(options.location), options.temporaryDirectory);
}

class S3Store implements ArtifactStore {
  readonly #bucket: S3Bucket;
  readonly #temporaries: TemporaryFolder;
  #conditions: Promise<S3Conditions> | undefined;

  constructor(bucket: S3Bucket, temporaryDirectory: string) {
    this.#bucket = bucket;
    this.#temporaries = new TemporaryFolder(temporaryDirectory);
  }

  async openTemporary(key: string): Promise<TemporaryObject> {
    splitKey(key);
    return this.#temporaries.open(key);
  }

  async resumeTemporary(key: string, mark: TemporaryMark): Promise<TemporaryObject | undefined> {
    splitKey(key);
    return this.#temporaries.resume(key, mark);
  }

  async publish(
    temporary: TemporaryObject,
    key: string,
    label?: ObjectLabel,
  ): Promise<StoredObject> {
    if (!(temporary instanceof TemporaryFile)) {
      throw new StorageError(
        'storage.corrupt',
        'only a temporary object of this store can be published',
      );
    }
    splitKey(key);
    const { sizeBytes, sha256 } = await temporary.finish();
    await this.#storing(`publishing ${key}`, () =>
      this.#publish({ key, temporary, sizeBytes, sha256, label }),
    );
    await temporary.discard();
    return { key, url: this.urlOf(key), sizeBytes, sha256 };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    splitKey(key);
    return this.#storing(`looking at ${key}`, async () => {
      const version = await headObject(this.#bucket, key);
      if (version === undefined) return undefined;
      const { sizeBytes, sha256 } = version;
      return sha256 === undefined ? { sizeBytes } : { sizeBytes, sha256 };
    });
  }

  async open(key: string): Promise<ByteReader> {
    splitKey(key);
    return this.#storing(`opening ${key}`, async () => {
      const version = await headObject(this.#bucket, key);
      if (version === undefined) throw missing(key);
      return createObjectReader(this.#bucket, key, version);
    });
  }

  async remove(key: string): Promise<void> {
    splitKey(key);
    await this.#storing(`removing ${key}`, async () => {
      const api = await this.#bucket.api();
      await api.deleteObject(this.#bucket.target(key), within());
    });
  }

  list(prefix: string): AsyncIterable<string> {
    return listKeys(this.#bucket, prefix);
  }

  urlOf(key: string): string {
    const { bucket, prefix } = this.#bucket.location;
    return `s3://${bucket}/${prefix}${splitKey(key).join('/')}`;
  }

  async linkTo(key: string, seconds: number): Promise<string> {
    splitKey(key);
    const isPossible = Number.isInteger(seconds) && seconds > 0 && seconds <= MAX_LINK_SECONDS;
    if (!isPossible) {
      const rule = `must be a whole number of 1 to ${String(MAX_LINK_SECONDS)}`;
      throw new RequestError('request.invalid', `seconds of a link: ${rule}`, {
        details: { issues: [{ field: 'seconds', rule }] },
      });
    }
    return this.#storing(`making a link to ${key}`, async () => {
      if ((await headObject(this.#bucket, key)) === undefined) throw missing(key);
      const [{ getSignedUrl }, { GetObjectCommand }, api] = await Promise.all([
        loadPresigner(),
        loadS3Sdk(),
        this.#bucket.api(),
      ]);
      const command = new GetObjectCommand(this.#bucket.target(key));
      return getSignedUrl(api, command, { expiresIn: seconds });
    });
  }

  async sweep(olderThanMs: number): Promise<number> {
    const beforeMs = Date.now() - olderThanMs;
    const removed = await this.#temporaries.sweep(olderThanMs);
    return this.#storing('sweeping unfinished uploads', async () => {
      return removed + (await abortUploads(this.#bucket, beforeMs));
    });
  }

  async probe(): Promise<StoreFindings> {
    return this.#storing('probing the store', async () => {
      return toFindings(this.#bucket.location, await this.#findConditions());
    });
  }

  /** A retry finds what the try before it put there, so that nothing is sent twice. */
  async #publish(upload: S3Upload): Promise<void> {
    for (let placings = 0; placings < MAX_PLACINGS; placings += 1) {
      if (await this.#holdsSameBytes(upload)) return;
      await requireFile(upload);
      if (await this.#place(upload)) return;
      // Refused by the condition: what is there, or comes there in this moment, decides.
      await delay(PLACING_PAUSE_MS);
    }
    throw new StorageError(
      'storage.unavailable',
      `publishing ${upload.key}: others write at this key; try again`,
    );
  }

  async #place(upload: S3Upload): Promise<boolean> {
    const conditions = await this.#findConditions();
    const isWhole = fitsOneCall(upload.sizeBytes);
    const isKept = isWhole ? conditions.onPut : conditions.onComplete;
    const put = isWhole ? putWhole : putInParts;
    return put(this.#bucket, upload, isKept ? { IfNoneMatch: '*' } : {});
  }

  /** Other bytes at the key are `storage.corrupt`. */
  async #holdsSameBytes({ key, sizeBytes, sha256 }: S3Upload): Promise<boolean> {
    const version = await headObject(this.#bucket, key);
    if (version === undefined) return false;
    const isSame =
      version.sizeBytes === sizeBytes && (await sha256Of(this.#bucket, key, version)) === sha256;
    if (isSame) return true;
    throw new StorageError(
      'storage.corrupt',
      `${key} holds other bytes already; nothing replaces them`,
      { details: { key } },
    );
  }

  /** Once in a process; a look that failed is repeated. */
  #findConditions(): Promise<S3Conditions> {
    this.#conditions ??= findConditions(this.#bucket).catch((error: unknown) => {
      this.#conditions = undefined;
      throw error;
    });
    return this.#conditions;
  }

  #storing<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    return storingInBucket(what, this.#bucket.name, work);
  }
}

/** An open file that was swept still has its bytes; but it was given up, and another try may be at the key. */
async function requireFile({ key, temporary }: S3Upload): Promise<void> {
  if (await temporary.isThere()) return;
  throw new StorageError(
    'storage.unavailable',
    `publishing ${key}: its temporary object is gone; fetch the bytes again`,
  );
}
