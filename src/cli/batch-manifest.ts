import { Option } from 'commander';
import type { BatchHandle } from '../client/batches-types.ts';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { ItemResult } from '../core/batch.ts';
import { RequestError } from '../core/errors.ts';
import { checkBatchId, toManifestKey, toTotalsKey } from '../core/keys.ts';
import { fileErrorCode } from '../core/file-errors.ts';
import { readObject, toFile, writeWhole } from './batch-manifest-file.ts';
import { withBatch } from './batch-session.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import { loadInstallation } from './session.ts';
import type { Terminal } from './terminal.ts';

interface ManifestFlags {
  readonly csv?: true;
  readonly json?: true;
  readonly totals?: true;
  readonly out?: string;
}

type Take = (bytes: Uint8Array) => Promise<void>;

const HELP = `
One line for every item with how it ended: \`item\` and the result of its job. A batch that still runs shows the items
that have ended so far; it writes the whole when it ends.

Examples:
  $ pollux batch manifest nightly | jq -r 'select(.status != "succeeded") | .item'
  $ pollux batch manifest nightly --csv --out nightly.csv
  $ pollux batch manifest nightly --totals | jq .failures
`;

export const registerBatchManifest: RegisterCommand = (batch, host) => {
  batch
    .command('manifest')
    .description('the output manifest of a batch: one line per item')
    .argument('<batch>', 'the batch’s id')
    .addOption(new Option('--csv', 'print CSV, amounts in micros').conflicts('json'))
    .addOption(new Option('--json', 'print JSON lines, which is the default').conflicts('csv'))
    .addOption(
      new Option('--totals', 'print what it comes to: ends, money, failures by code').conflicts([
        'csv',
        'json',
      ]),
    )
    .option('--out <file>', 'write it to this file')
    .action(async (id: string, flags: ManifestFlags) => {
      host.exitWith(await printManifest(host, id, flags));
    })
    .addHelpText('after', HELP);
};

/** Copies the whole output manifest of a batch that has ended to a file, as CSV where its name says so. `storage.*` */
export async function copyManifest(
  store: Pick<ArtifactStore, 'open'>,
  id: string,
  path: string,
): Promise<void> {
  const key = toManifestKey(id, /\.csv$/i.test(path) ? 'csv' : 'jsonl');
  await writeWhole(path, (take) => readObject(store, key, take));
}

async function printManifest(host: CommandHost, id: string, flags: ManifestFlags): Promise<number> {
  const { terminal } = host;
  const path = flags.out === undefined ? undefined : toFile(flags.out, terminal.cwd);
  const write = await openSource(host, id, flags);
  if (path === undefined) await printTo(terminal, write);
  else {
    await writeWhole(path, write);
    say(terminal, `wrote ${path}`);
  }
  return 0;
}

/** The stored manifest, or what has ended so far where there is none yet. */
async function openSource(
  host: CommandHost,
  id: string,
  { csv, totals }: ManifestFlags,
): Promise<(take: Take) => Promise<void>> {
  checkBatchId(id, 'batch');
  const isCsv = csv === true;
  const isTotals = totals === true;
  const store = (await loadInstallation(host)).openStore();
  const key = isTotals ? toTotalsKey(id) : toManifestKey(id, isCsv ? 'csv' : 'jsonl');
  if ((await store.head(key)) !== undefined) return (take) => readObject(store, key, take);
  if (isTotals) throw noTotals(id);
  return (take) => withBatch(host, id, (batch) => writeSoFar(host.terminal, batch, isCsv, take));
}

function noTotals(id: string): RequestError {
  return new RequestError(
    'request.invalid',
    `batch ${id} has no totals yet; they are written when it ends: \`pollux batch status ${id}\` tells where it stands`,
    { details: { issues: [{ field: 'batch', rule: 'must have ended' }] } },
  );
}

async function writeSoFar(
  terminal: Terminal,
  batch: BatchHandle,
  isCsv: boolean,
  take: Take,
): Promise<void> {
  const { toResultCsv, toResultLine } = await import('../manifest/index.ts');
  let items = 0;
  const results = async function* (): AsyncGenerator<ItemResult> {
    for await (const result of batch.results({ untilNow: true })) {
      items += 1;
      yield result;
    }
  };
  if (isCsv) for await (const text of toResultCsv(results())) await take(Buffer.from(text));
  else for await (const result of results()) await take(Buffer.from(toResultLine(result)));
  say(terminal, `batch ${batch.id} has not ended: ${String(items)} items so far`);
}

async function printTo(terminal: Terminal, write: (take: Take) => Promise<void>): Promise<void> {
  try {
    await write((bytes) => terminal.writeBytes(bytes));
  } catch (error) {
    // A reader that went away, as in `… | head`, is no error of ours.
    if (fileErrorCode(error) !== 'EPIPE') throw error;
  }
}
