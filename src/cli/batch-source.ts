import { createReadStream } from 'node:fs';
import { extname, parse, resolve } from 'node:path';
import { prepareRequest } from '../core/accounts.ts';
import { RequestError } from '../core/errors.ts';
import { fileErrorCode } from '../core/file-errors.ts';
import { checkBatchId } from '../core/keys.ts';
import type { Installation } from '../installation.ts';
import type { ManifestFormat, ManifestStage, ManifestSummary } from '../manifest/index.ts';
import type { Terminal } from './terminal.ts';

/** A manifest that was read to its end, and its items ready to be stored. */
export interface ReadBatch {
  readonly summary: ManifestSummary;
  /** The caller discards it. */
  readonly stage: ManifestStage;
}

const STDIN = '-';

/** The id that a batch has by its file, so that the same file again is the same batch. `request.invalid`. */
export function toBatchId(file: string, id: string | undefined): string {
  if (id !== undefined) return checkBatchId(id, 'batch');
  if (file !== STDIN) return checkBatchId(parse(file).name, 'batch');
  throw new RequestError(
    'request.invalid',
    '--id: a manifest from stdin needs the id of its batch',
  );
}

/** Throws `request.invalid` for a file that tells neither by its name nor by `--format` what it is. */
export function toFormat(file: string, format: ManifestFormat | undefined): ManifestFormat {
  if (format !== undefined) return format;
  const extension = extname(file).toLowerCase();
  if (extension === '.csv') return 'csv';
  if (extension === '.jsonl' || extension === '.ndjson') return 'jsonl';
  throw new RequestError(
    'request.invalid',
    `${file}: --format jsonl or --format csv must say what it is; files named .jsonl and .csv do so themselves`,
  );
}

/** Reads, checks and prices the whole manifest; nothing leaves this machine. `request.invalid` for a file that cannot be read. */
export async function readBatch(
  installation: Installation,
  terminal: Terminal,
  file: string,
  format: ManifestFormat,
): Promise<ReadBatch> {
  const { createSummary, readManifest, stageManifest } = await import('../manifest/index.ts');
  const { accounts, sealer } = installation;
  const summary = createSummary();
  const stage = await stageManifest({ sealer });
  try {
    const lines = readManifest(openSource(file, terminal.cwd), format, {
      check: ({ request }) => prepareRequest(accounts, request).quote,
    });
    for await (const line of lines) {
      summary.add(line);
      if (line.kind === 'item') await stage.add(line.item);
    }
    return { summary: summary.read(), stage };
  } catch (error) {
    await stage.discard();
    throw error;
  }
}

async function* openSource(file: string, cwd: string): AsyncGenerator<Uint8Array> {
  const source = file === STDIN ? process.stdin : createReadStream(resolve(cwd, file));
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === undefined) throw error;
    throw new RequestError('request.invalid', `${file}: cannot be read (${code})`, {
      cause: error,
    });
  }
}
