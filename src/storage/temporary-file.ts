import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, unlink } from 'node:fs/promises';

import type { TemporaryObject } from '../core/artifact-store.ts';
import { StorageError } from '../core/errors.ts';
import { isAbsent, storing } from '../core/file-errors.ts';
import { readAt } from './file-reader.ts';

type Digest = Awaited<ReturnType<TemporaryObject['finish']>>;

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const PUBLISHED_MODE = 0o644;

/** A file that takes bytes until it is published or discarded. Nobody else knows its name. */
export class TemporaryFile implements TemporaryObject {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #digest: Digest | undefined;
  #hasFailed = false;
  #isClosed = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<TemporaryFile> {
    return new TemporaryFile(path, await open(path, FLAGS, 0o600));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseIfFailed();
    if (this.#digest !== undefined) {
      throw new StorageError(
        'storage.corrupt',
        'a temporary object that is finished takes no bytes',
      );
    }
    await this.#once('writing a temporary object', async () => {
      for (let written = 0; written < bytes.length;) {
        const rest = bytes.length - written;
        const position = this.#sizeBytes + written;
        written += (await this.#file.write(bytes, written, rest, position)).bytesWritten;
      }
    });
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  async finish(): Promise<Digest> {
    this.#refuseIfFailed();
    if (this.#digest === undefined) {
      await this.#once('flushing a temporary object', async () => {
        await this.#file.chmod(PUBLISHED_MODE);
        await this.#file.sync();
      });
      this.#digest = { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
    }
    return this.#digest;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const available = Math.max(0, Math.min(length, this.#sizeBytes - offset));
    return storing('reading a temporary object', () => readAt(this.#file, offset, available));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  async discard(): Promise<void> {
    await this.close();
    await storing('removing a temporary object', () => removeIfThere(this.path));
  }

  /** After a failed write or flush nobody knows what the disk holds, and a second flush would wrongly report success. */
  async #once(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await storing(what, work);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  #refuseIfFailed(): void {
    if (!this.#hasFailed) return;
    throw new StorageError(
      'storage.unavailable',
      'an earlier write of this temporary object failed; discard it and start again',
    );
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
