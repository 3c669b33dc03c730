import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_PAGE_BYTES, MAX_PAGE_ITEMS } from '../core/batch.ts';
import { StorageError } from '../core/errors.ts';
import { storing } from '../core/file-errors.ts';
import type { Sealer } from '../core/sealer.ts';
import { toPageText } from './page-text.ts';

/** A page in the stage: where its bytes lie, and what it says unsealed. */
export interface StagedPage {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Hex, of the lines before they were sealed. */
  readonly sha256: string;
}

/** Pages in a file of this machine. Holds one page in memory. */
export interface StageFile {
  /** How many lines were added. */
  readonly lines: number;
  /** Hex, of all lines that were added. */
  revision(): string;
  add(line: string): Promise<void>;
  /** Ends the last page. */
  finish(): Promise<readonly StagedPage[]>;
  read(page: StagedPage): Promise<Uint8Array>;
  discard(): Promise<void>;
}

const REVISION_LENGTH = 16;

/** Throws `storage.full`, `storage.unavailable`. */
export async function openStageFile(sealer: Sealer): Promise<StageFile> {
  const folder = await inStage(() => mkdtemp(join(tmpdir(), 'pollux-manifest-')));
  const file = await inStage(() => open(join(folder, 'pages'), 'wx+', 0o600));
  const whole = createHash('sha256');
  const pages: StagedPage[] = [];
  let page: string[] = [];
  let pageBytes = 0;
  let offset = 0;
  let lines = 0;
  const endPage = async (): Promise<void> => {
    if (page.length === 0) return;
    const bytes = Buffer.from(toPageText(page, sealer));
    await inStage(() => file.appendFile(bytes));
    pages.push({ offset, sizeBytes: bytes.length, sha256: hashLines(page) });
    offset += bytes.length;
    page = [];
    pageBytes = 0;
  };
  return {
    get lines() {
      return lines;
    },
    revision: () => whole.copy().digest('hex').slice(0, REVISION_LENGTH),
    add: async (line) => {
      const sizeBytes = Buffer.byteLength(line) + 1;
      if (page.length === MAX_PAGE_ITEMS || pageBytes + sizeBytes > MAX_PAGE_BYTES) await endPage();
      page.push(line);
      pageBytes += sizeBytes;
      lines += 1;
      whole.update(`${line}\n`);
    },
    finish: async () => {
      await endPage();
      return pages;
    },
    read: async ({ offset: from, sizeBytes }) => {
      const bytes = Buffer.alloc(sizeBytes);
      const { bytesRead } = await inStage(() => file.read(bytes, 0, sizeBytes, from));
      if (bytesRead === sizeBytes) return bytes;
      throw new StorageError('storage.unavailable', 'a staged manifest is cut short; start again');
    },
    discard: async () => {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Hex SHA-256 of lines as a page holds them where nothing is sealed. */
export function hashLines(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
}

function inStage<Result>(work: () => Promise<Result>): Promise<Result> {
  return storing('staging a manifest', work);
}
