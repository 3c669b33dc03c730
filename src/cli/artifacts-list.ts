import type { ArtifactFilter, RecordedArtifact } from './artifacts-records.ts';
import {
  addFilterOptions,
  addJobOption,
  addLimitOption,
  readArtifacts,
} from './artifacts-records.ts';
import { formatBytes } from './format.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { renderTable } from './table.ts';

type ListFlags = ArtifactFilter & { readonly json?: boolean };

const DEFAULT_LIMIT = 100;
const SHORT_HASH_LENGTH = 12;

const EXAMPLES = `
Examples:
  $ pollux artifacts list --job shot-7
  $ pollux artifacts list --tenant acme --older-than 30d --limit 1000
  $ pollux artifacts list --json | jq -r 'select(.sizeBytes > 1e9) | .url'
`;

export const registerArtifactsList: RegisterCommand = (artifacts, host) => {
  const list = artifacts
    .command('list')
    .description('artifacts that the ledger records, those of the newest job first');
  addLimitOption(addFilterOptions(addJobOption(list)), DEFAULT_LIMIT)
    .option('--json', 'print JSON lines')
    .action(async ({ json = false, ...filter }: ListFlags) => {
      host.exitWith(await listArtifacts(host, filter, json));
    })
    .addHelpText('after', EXAMPLES);
};

async function listArtifacts(
  host: CommandHost,
  filter: ArtifactFilter,
  isJson: boolean,
): Promise<number> {
  const { terminal } = host;
  const ledger = await openExistingLedger(await loadInstallation(host));
  const rows: RecordedArtifact[] = [];
  try {
    if (ledger !== undefined) {
      for await (const artifact of readArtifacts(ledger, filter)) {
        if (isJson) printJson(terminal, artifact);
        else rows.push(artifact);
      }
    }
  } finally {
    await ledger?.close();
  }
  if (rows.length > 0) terminal.stdout.write(renderArtifacts(rows));
  else if (!isJson) say(terminal, 'no artifacts');
  return 0;
}

function renderArtifacts(rows: readonly RecordedArtifact[]): string {
  return renderTable(
    ['JOB', 'INDEX', 'TYPE', 'SIZE', 'PIXELS', 'SECONDS', 'SHA-256', 'JOB ENDED', 'URL'],
    rows.map((row) => [
      row.jobId,
      String(row.index),
      row.mediaType,
      formatBytes(row.sizeBytes),
      row.width === null || row.height === null ? '' : `${row.width}x${row.height}`,
      row.durationSeconds === null ? '' : String(row.durationSeconds),
      row.sha256.slice(0, SHORT_HASH_LENGTH),
      row.endedAt === null ? '' : `${row.endedAt.slice(0, 19)}Z`,
      row.url,
    ]),
  );
}
