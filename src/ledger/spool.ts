import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { isMediaJobError, RequestError } from '../core/errors.ts';
import { fileErrorCode, storing } from '../core/file-errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Spool, SpooledRecord, SpoolRecord } from '../core/spool.ts';
import {
  flushFolder,
  makeDurableFolder,
  removeIfThere,
  renameOrRemove,
  writeDurably,
} from './durable-files.ts';
import { parseSpoolRecord } from './spool-record.ts';

export interface FileSpoolOptions {
  /** On a disk of this host; made, with mode 0700, when something is first written. */
  readonly directory: string;
  readonly sealer: Sealer;
  readonly logger: Logger;
}

/**
 * Records as files of one folder, under names that sort by their time. Several processes may use the folder at once.
 *
 * A file gets its name once it is whole and flushed. What a killed process left is a temporary, `<name>.tmp`, which
 * nobody reads.
 *
 * @example
 * const spool = createFileSpool({ directory: '.pollux/spool', sealer: PLAIN, logger });
 */
export function createFileSpool(options: FileSpoolOptions): Spool {
  return new FileSpool(options);
}

/** `<time>-<how many of this process came before>-<uuid>.json` */
const NAME = /^\d{8}T\d{9}Z-\d{6,}-[0-9a-f-]{36}\.json$/;
const TEMPORARY = '.tmp';
const UNREADABLE = '.unreadable';
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
/** Trouble with one file, which says nothing about the others. */
const CLOSED_FILE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EIO', 'ELOOP', 'EISDIR']);
/** As large as a record usually is at most. */
const PROBE_BYTES = 16 * 1024;

class FileSpool implements Spool {
  readonly #directory: string;
  readonly #sealer: Sealer;
  readonly #logger: Logger;
  /** Files that were logged and are where they were. */
  readonly #logged = new Set<string>();
  #count = 0;

  constructor({ directory, sealer, logger }: FileSpoolOptions) {
    this.#directory = resolve(directory);
    this.#sealer = sealer;
    this.#logger = logger;
  }

  async append(record: SpoolRecord): Promise<void> {
    const text = this.#sealer.seal(JSON.stringify(record));
    const path = this.#pathOf(this.#newName());
    await storing(`writing a record to the spool ${this.#directory}`, async () => {
      await makeDurableFolder(this.#directory);
      await writeDurably(path + TEMPORARY, text);
      await renameOrRemove(path + TEMPORARY, path);
      await flushFolder(this.#directory);
    });
  }

  async records(): Promise<readonly SpooledRecord[]> {
    return storing(`reading the spool ${this.#directory}`, async () => {
      const records: SpooledRecord[] = [];
      for (const name of await this.#names()) {
        const record = await this.#read(name);
        if (record !== undefined) records.push({ name, record });
      }
      return records;
    });
  }

  /** Not flushed: a record that a loss of power brings back is drained again, which changes nothing. */
  async remove(name: string): Promise<void> {
    if (!NAME.test(name))
      throw new RequestError('request.invalid', 'name: is no record of a spool');
    await storing(`removing a record from the spool ${this.#directory}`, () =>
      removeIfThere(this.#pathOf(name)),
    );
  }

  async probe(): Promise<void> {
    await storing(`probing the spool ${this.#directory}`, async () => {
      await makeDurableFolder(this.#directory);
      const path = this.#pathOf(`probe-${randomUUID()}${TEMPORARY}`);
      await writeDurably(path, 'x'.repeat(PROBE_BYTES));
      await removeIfThere(path);
      await flushFolder(this.#directory);
    });
  }

  #newName(): string {
    this.#count += 1;
    const time = new Date().toISOString().replace(/[-:.]/g, '');
    return `${time}-${String(this.#count).padStart(6, '0')}-${randomUUID()}.json`;
  }

  #pathOf(name: string): string {
    return join(this.#directory, name);
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => NAME.test(name)).sort();
    } catch (error) {
      if (fileErrorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #read(name: string): Promise<SpoolRecord | undefined> {
    const text = await this.#readText(name);
    const opened = text === undefined ? undefined : this.#open(name, text);
    if (opened === undefined) return undefined;
    const record = parseSpoolRecord(opened);
    if (record === undefined) await this.#setAside(name);
    return record;
  }

  /** `undefined` for a record that another process has removed, or that cannot be read now. */
  async #readText(name: string): Promise<string | undefined> {
    try {
      const file = await open(this.#pathOf(name), READ_FLAGS);
      try {
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    } catch (error) {
      const code = fileErrorCode(error) ?? '';
      if (code === 'ENOENT') return undefined;
      if (!CLOSED_FILE.has(code)) throw error;
      this.#logOnce(name, `a spooled record cannot be opened (${code}); it stays until it can`);
      return undefined;
    }
  }

  #open(name: string, text: string): string | undefined {
    try {
      return this.#sealer.open(text);
    } catch (error) {
      if (!isMediaJobError(error)) throw error;
      this.#logOnce(name, `a spooled record stays until it can be unsealed: ${error.message}`);
      return undefined;
    }
  }

  #logOnce(name: string, message: string): void {
    if (this.#logged.has(name)) return;
    this.#logged.add(name);
    this.#logger.error(message, { file: this.#pathOf(name) });
  }

  /** Out of the way of the next drain, and kept for a person. */
  async #setAside(name: string): Promise<void> {
    const file = this.#pathOf(name) + UNREADABLE;
    try {
      await rename(this.#pathOf(name), file);
    } catch (error) {
      const code = fileErrorCode(error) ?? '';
      if (code === 'ENOENT') return;
      this.#logOnce(
        name,
        `a spooled record is damaged and cannot be set aside (${code}); move it away`,
      );
      return;
    }
    this.#logger.error(
      'a spooled record is damaged and was set aside; look into the file for the task id, adopt it with ' +
        '`pollux jobs resolve`, then remove the file',
      { file },
    );
  }
}
