import { constants } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import type {
  ArtifactStore,
  ObjectHead,
  StoredObject,
  TemporaryMark,
  TemporaryObject,
} from '../core/artifact-store.ts';
import { StorageError } from '../core/errors.ts';
import { isAbsent, storing } from '../core/file-errors.ts';
import type { ByteReader } from '../core/media.ts';
import { flushFolder, makeDurableFolder } from './durable-folders.ts';
import { createFileReader, hashFile } from './file-reader.ts';
import { openIfThere, orAbsent, readFolder } from './folder-entries.ts';
import { splitKey, TEMPORARY_FOLDER } from './object-key.ts';
import { placeFile } from './place-file.ts';
import { removeIfThere, TemporaryFile } from './temporary-file.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface FileSystemStoreOptions {
  /** Folder of the objects; made, with mode 0755, when the first one is written. */
  readonly root: string;
}

const FOLDER_MODE = 0o755;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Artifacts as files below one folder, under their keys. Temporaries lie in `.tmp` of the same folder, so that
 * publishing is one link within one file system. Several processes may use the folder at once.
 *
 * @example
 * const store = createFileSystemStore({ root: '.pollux/artifacts' });
 */
export function createFileSystemStore(options: FileSystemStoreOptions): ArtifactStore {
  return new FileSystemStore(resolve(options.root));
}

class FileSystemStore implements ArtifactStore {
  readonly #root: string;
  readonly #temporaries: TemporaryFolder;

  constructor(root: string) {
    this.#root = root;
    this.#temporaries = new TemporaryFolder(join(root, TEMPORARY_FOLDER));
  }

  async openTemporary(key: string): Promise<TemporaryObject> {
    splitKey(key);
    return this.#temporaries.open(key);
  }

  async resumeTemporary(key: string, mark: TemporaryMark): Promise<TemporaryObject | undefined> {
    splitKey(key);
    return this.#temporaries.resume(key, mark);
  }

  async publish(temporary: TemporaryObject, key: string): Promise<StoredObject> {
    if (!(temporary instanceof TemporaryFile)) {
      throw new StorageError(
        'storage.corrupt',
        'only a temporary object of this store can be published',
      );
    }
    const to = this.#pathOf(key);
    const { sizeBytes, sha256 } = await temporary.finish();
    await storing(`publishing ${key}`, async () => {
      await makeDurableFolder(dirname(to), FOLDER_MODE);
      await this.#requireInside(dirname(to));
      const isPlaced = await this.#place(temporary.path, to, this.#temporaries.claimOf(key));
      if (!isPlaced) await requireSameBytes(to, key, sizeBytes, sha256);
      await flushFolder(dirname(to));
    });
    await temporary.discard();
    return { key, url: this.urlOf(key), sizeBytes, sha256 };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const path = this.#pathOf(key);
    return storing(`looking at ${key}`, async () => {
      const facts = await orAbsent(lstat(path));
      return facts?.isFile() === true ? { sizeBytes: facts.size } : undefined;
    });
  }

  async open(key: string): Promise<ByteReader> {
    const path = this.#pathOf(key);
    return storing(`opening ${key}`, async () => {
      if ((await this.head(key)) === undefined) throw missing(key);
      await this.#requireInside(dirname(path));
      const file = await openIfThere(path, READ_FLAGS);
      if (file === undefined) throw missing(key);
      return createFileReader(file, (await file.stat()).size);
    });
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await storing(`removing ${key}`, async () => {
      if ((await this.head(key)) === undefined) return;
      await this.#requireInside(dirname(path));
      await removeIfThere(path);
      await flushFolder(dirname(path));
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const folderKey = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
    if (folderKey !== '') splitKey(folderKey);
    for await (const key of this.#walk(folderKey)) {
      if (key.startsWith(prefix)) yield key;
    }
  }

  urlOf(key: string): string {
    return pathToFileURL(this.#pathOf(key)).href;
  }

  async sweep(olderThanMs: number): Promise<number> {
    return this.#temporaries.sweep(olderThanMs);
  }

  #pathOf(key: string): string {
    return join(this.#root, ...splitKey(key));
  }

  /** A link inside the folder must not lead a write or a read out of it. */
  async #requireInside(folder: string): Promise<void> {
    const root = await realpath(this.#root);
    const real = await realpath(folder);
    if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return;
    throw new StorageError(
      'storage.corrupt',
      'a folder of the store is a link that leads out of it; remove the link',
    );
  }

  /** `false` where something has the name. A temporary that is gone was published before, or swept. */
  async #place(from: string, to: string, claim: string): Promise<boolean> {
    try {
      return await placeFile({ from, to, claim });
    } catch (error) {
      if (!isAbsent(error)) throw error;
      return false;
    }
  }

  async *#walk(folderKey: string): AsyncIterable<string> {
    for await (const entry of readFolder(join(this.#root, folderKey))) {
      if (folderKey === '' && entry.name === TEMPORARY_FOLDER) continue;
      const key = folderKey === '' ? entry.name : `${folderKey}/${entry.name}`;
      if (entry.isDirectory()) yield* this.#walk(key);
      else if (entry.isFile()) yield key;
    }
  }
}

function missing(key: string): StorageError {
  return new StorageError('storage.missing', `${key} is not in the store`, { details: { key } });
}

async function requireSameBytes(
  path: string,
  key: string,
  sizeBytes: number,
  sha256: string,
): Promise<void> {
  const file = await openIfThere(path, READ_FLAGS);
  if (file === undefined) {
    throw new StorageError(
      'storage.unavailable',
      `publishing ${key}: its temporary object is gone; fetch the bytes again`,
    );
  }
  try {
    const isSame = (await file.stat()).size === sizeBytes && (await hashFile(file)) === sha256;
    if (isSame) return;
  } finally {
    await file.close();
  }
  throw new StorageError(
    'storage.corrupt',
    `${key} holds other bytes already; nothing replaces them`,
    {
      details: { key },
    },
  );
}
