import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import type { TemporaryMark, TemporaryObject } from '../core/artifact-store.ts';
import { StorageError } from '../core/errors.ts';
import { isAbsent, storing } from '../core/file-errors.ts';
import { requireDiskRoom } from './disk-room.ts';
import { flushFolder } from './durable-folders.ts';
import { fillFrom, readAt } from './file-reader.ts';
import { orAbsent } from './folder-entries.ts';

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
  #isNameDurable = false;
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

  async requireRoom(sizeBytes: number): Promise<void> {
    await requireDiskRoom(dirname(this.path), sizeBytes);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseIfFailed();
    if (this.#digest !== undefined) {
      throw new StorageError(
        'storage.corrupt',
        'a temporary object that is finished takes no bytes',
      );
    }
    const appending = this.#once('writing a temporary object', () => this.#append(bytes));
    // The write runs in another thread, so hashing meanwhile costs no time of its own.
    this.#hash.update(bytes);
    await appending;
    this.#sizeBytes += bytes.length;
  }

  async mark(): Promise<TemporaryMark> {
    this.#refuseIfFailed();
    const sizeBytes = this.#sizeBytes;
    await this.#once('flushing a temporary object', async () => {
      await this.#file.datasync();
      if (this.#isNameDurable) return;
      await flushFolder(dirname(this.path));
      this.#isNameDurable = true;
    });
    this.#refuseIfFailed();
    return { name: basename(this.path), sizeBytes };
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

  /** As {@link read}, into memory that the caller has: returns the part of `bytes` that was filled. */
  async readInto(bytes: Uint8Array, offset: number): Promise<Uint8Array> {
    return storing('reading a temporary object', () => fillFrom(this.#file, offset, bytes));
  }

  /** `false` where it was swept or discarded. */
  async isThere(): Promise<boolean> {
    return storing('looking for a temporary object', async () => {
      return (await orAbsent(lstat(this.path))) !== undefined;
    });
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

  async #append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const position = this.#sizeBytes + written;
      const rest = bytes.length - written;
      written += (await this.#file.write(bytes, written, rest, position)).bytesWritten;
    }
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
