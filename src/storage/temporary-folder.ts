import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { TemporaryMark } from '../core/artifact-store.ts';
import { storing } from '../core/file-errors.ts';
import { makeDurableFolder } from './durable-folders.ts';
import { readAt } from './file-reader.ts';
import { modifiedAtMs, openIfThere, readFolder } from './folder-entries.ts';
import { removeIfThere, TemporaryFile } from './temporary-file.ts';

const FOLDER_MODE = 0o755;
const TEMPORARY_FOLDER_MODE = 0o700;
const COPY_BYTES = 1024 * 1024;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A folder of this machine that holds the temporaries of one store. Several processes may use it at once. */
export class TemporaryFolder {
  readonly #path: string;

  /** Made when it is first needed. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A path that all who place an object at `key` agree on. */
  claimOf(key: string): string {
    return join(this.#path, `${nameOf(key)}.claim`);
  }

  async open(key: string): Promise<TemporaryFile> {
    return storing(`opening a temporary object for ${key}`, async () => {
      await makeDurableFolder(dirname(this.#path), FOLDER_MODE);
      await makeDurableFolder(this.#path, TEMPORARY_FOLDER_MODE);
      // Two workers may be at one key at once, so each try has a name of its own; what a dead one left is swept.
      return TemporaryFile.create(join(this.#path, `${nameOf(key)}.${randomUUID()}`));
    });
  }

  /** A mark comes from outside: a name that this folder did not give to this key means nothing. */
  async resume(key: string, mark: TemporaryMark): Promise<TemporaryFile | undefined> {
    const isOurs = isNameFor(key, mark.name) && Number.isSafeInteger(mark.sizeBytes);
    if (!isOurs || mark.sizeBytes < 0) return undefined;
    const path = join(this.#path, mark.name);
    return storing(`resuming a temporary object for ${key}`, async () => {
      const earlier = await openIfThere(path, READ_FLAGS);
      if (earlier === undefined) return undefined;
      try {
        const facts = await earlier.stat();
        if (!facts.isFile() || facts.size < mark.sizeBytes) return undefined;
        const resumed = await this.#copy(key, earlier, mark.sizeBytes);
        if (resumed !== undefined) await removeIfThere(path);
        return resumed;
      } finally {
        await earlier.close();
      }
    });
  }

  async sweep(olderThanMs: number): Promise<number> {
    return storing('sweeping temporary objects', async () => {
      const before = Date.now() - olderThanMs;
      let removed = 0;
      for await (const entry of readFolder(this.#path)) {
        const path = join(this.#path, entry.name);
        const isOld = entry.isFile() && (await modifiedAtMs(path)) <= before;
        if (!isOld) continue;
        await removeIfThere(path);
        removed += 1;
      }
      return removed;
    });
  }

  /** Into another file: a worker that froze with the earlier one open may wake and write to it. */
  async #copy(
    key: string,
    earlier: FileHandle,
    sizeBytes: number,
  ): Promise<TemporaryFile | undefined> {
    const copy = await this.open(key);
    try {
      await copy.requireRoom(sizeBytes);
      while (copy.sizeBytes < sizeBytes) {
        const length = Math.min(COPY_BYTES, sizeBytes - copy.sizeBytes);
        const bytes = await readAt(earlier, copy.sizeBytes, length);
        if (bytes.length === 0) break;
        await copy.write(bytes);
      }
    } catch (error) {
      await copy.discard();
      throw error;
    }
    if (copy.sizeBytes === sizeBytes) return copy;
    await copy.discard();
    return undefined;
  }
}

function isNameFor(key: string, name: string): boolean {
  const prefix = `${nameOf(key)}.`;
  return name.startsWith(prefix) && UUID.test(name.slice(prefix.length));
}

/** Short, and free of anything a key may hold. */
function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
