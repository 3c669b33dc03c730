import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { toIsoTime } from '../core/clock.ts';
import { RequestError } from '../core/errors.ts';
import { fileErrorCode, isAbsent, storing } from '../core/file-errors.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import { toLedgerLines } from './ledger-file.ts';
import { createProgressLine } from './progress-line.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import type { Terminal } from './terminal.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface ExportFlags {
  readonly force?: true;
}

const STDOUT = '-';
const CHUNK_LENGTH = 256 * 1024;
/** The rows hold prompts where the configuration names no key. */
const PRIVATE = 0o600;

const HELP = `
Every row as it lies in the database, as JSON lines: a head with format and schema, the rows, and an end that counts
them. What is sealed stays sealed: keep the encryption keys, too. The file appears when it is whole. Jobs may go on
meanwhile; the rows are those of one moment.

Examples:
  $ pollux ledger export backup.jsonl
  $ pollux ledger export | gzip > backup.jsonl.gz
`;

export const registerLedgerExport: RegisterCommand = (ledger, host) => {
  ledger
    .command('export')
    .description('write every row as JSON lines')
    .argument('[file]', 'file, or - for stdout', STDOUT)
    .option('--force', 'replace a file that is there')
    .action(async (file: string, flags: ExportFlags) => {
      host.exitWith(await exportLedger(host, file, flags));
    })
    .addHelpText('after', HELP);
};

async function exportLedger(
  host: CommandHost,
  file: string,
  { force = false }: { readonly force?: boolean },
): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const ledger = await openExistingLedger(installation);
  if (ledger === undefined) {
    const { url } = installation.config.ledger;
    throw new RequestError('request.invalid', `there is no ledger at ${url}: nothing to export`);
  }
  try {
    const { currentLedgerSchema } = await import('../installation/ledger-schema.ts');
    const facts = { schema: currentLedgerSchema(), exportedAt: toIsoTime(Date.now()) };
    const lines = toLedgerLines(ledger.exportRows(), facts);
    return await untilInterrupted(terminal, 'interrupted; no file is left', async (signal) => {
      if (file === STDOUT) await writeToStdout(terminal, lines, signal);
      else await writeToFile(terminal, lines, { path: resolve(terminal.cwd, file), force, signal });
      return 0;
    });
  } finally {
    await ledger.close();
  }
}

async function writeToStdout(
  terminal: Terminal,
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await writeLines(terminal, lines, (text) => terminal.writeBytes(Buffer.from(text)), signal);
  } catch (error) {
    // A reader that went away, as in `… | head`, is no error of ours.
    if (fileErrorCode(error) !== 'EPIPE') throw error;
  }
}

interface FileTarget {
  readonly path: string;
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** Under another name until it is whole and on the disk. */
async function writeToFile(
  terminal: Terminal,
  lines: AsyncIterable<string>,
  { path, force, signal }: FileTarget,
): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await storing(`the ledger is not exported to ${path}`, async () => {
    const file = await openPart(part, path);
    try {
      const rows = await writeLines(terminal, lines, (text) => file.appendFile(text), signal);
      await file.sync();
      await (force ? rename(part, path) : publish(part, path));
      say(terminal, `exported ${rows} rows to ${path}`);
    } finally {
      await file.close();
      await rm(part, { force: true });
    }
  });
}

async function openPart(part: string, path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(part, 'wx', PRIVATE);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    throw new RequestError(
      'request.invalid',
      `the folder of ${path} does not exist; make it, or choose another`,
    );
  }
}

/** Gives the file its name, unless another file has it. */
async function publish(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw error;
    throw new RequestError(
      'request.invalid',
      `${path} exists already; choose another name, or replace it with --force`,
    );
  }
}

/** Lines that are no rows of a table: the head, and the first and last that the ledger exports. */
const OTHER_LINES = 3;

/** Returns the number of rows. */
async function writeLines(
  terminal: Terminal,
  lines: AsyncIterable<string>,
  write: (text: string) => Promise<unknown>,
  signal: AbortSignal,
): Promise<number> {
  const progress = createProgressLine(terminal);
  let count = 0;
  let chunk = '';
  try {
    for await (const line of lines) {
      signal.throwIfAborted();
      count += 1;
      chunk += `${line}\n`;
      if (chunk.length < CHUNK_LENGTH) continue;
      await write(chunk);
      chunk = '';
      progress.show(`exporting: ${count} rows`);
    }
    await write(chunk);
  } finally {
    progress.close();
  }
  return count - OTHER_LINES;
}
