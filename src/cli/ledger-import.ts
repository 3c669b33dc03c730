import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { RequestError } from '../core/errors.ts';
import { isAbsent, storing } from '../core/file-errors.ts';
import type { ExportedRow } from '../core/money-book.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import { readLedgerLines } from './ledger-file.ts';
import type { ProgressLine } from './progress-line.ts';
import { createProgressLine } from './progress-line.ts';
import { loadInstallation } from './session.ts';
import { untilInterrupted } from './until-interrupted.ts';

const SHOWN_EVERY = 1_000;

const HELP = `
Into a ledger that holds nothing, of either kind: the way from SQLite to PostgreSQL, and back from a copy. All rows are
written or none. No worker may use the two ledgers meanwhile.

Examples:
  $ pollux ledger import backup.jsonl
  $ pollux --config postgres.yaml ledger import backup.jsonl
`;

export const registerLedgerImport: RegisterCommand = (ledger, host) => {
  ledger
    .command('import')
    .description('write exported rows into an empty ledger')
    .argument('<file>', 'what `pollux ledger export` wrote')
    .action(async (file: string) => {
      host.exitWith(await importLedger(host, file));
    })
    .addHelpText('after', HELP);
};

async function importLedger(host: CommandHost, file: string): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const path = resolve(terminal.cwd, file);
  await requireFile(path);
  const ledger = await installation.openLedger();
  const progress = createProgressLine(terminal);
  try {
    return await untilInterrupted(terminal, 'interrupted; nothing was written', async (signal) => {
      const rows = readLedgerLines(readLines(path));
      const count = await ledger.importRows(counted(rows, progress, signal));
      progress.close();
      say(terminal, `imported ${count} rows into ${installation.config.ledger.url}`);
      return 0;
    });
  } finally {
    progress.close();
    await ledger.close();
  }
}

/** Before a ledger is made: a wrong name leaves none behind. */
async function requireFile(path: string): Promise<void> {
  await storing(`${path} is not read`, async () => {
    try {
      if ((await stat(path)).isFile()) return;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    throw new RequestError('request.invalid', `${path} is no file: give what was exported`);
  });
}

async function* readLines(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } finally {
    input.destroy();
  }
}

async function* counted(
  rows: AsyncIterable<ExportedRow>,
  progress: ProgressLine,
  signal: AbortSignal,
): AsyncGenerator<ExportedRow> {
  let count = 0;
  for await (const row of rows) {
    signal.throwIfAborted();
    count += 1;
    if (count % SHOWN_EVERY === 0) progress.show(`importing: ${count} rows`);
    yield row;
  }
}
