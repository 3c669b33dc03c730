import type { BatchSummary } from '../client/batches-types.ts';
import { openBatches } from './batch-session.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { toWholeNumber } from './parse-options.ts';
import { loadInstallation, withSession } from './session.ts';
import { renderTable } from './table.ts';

interface ListFlags {
  readonly limit: number;
  readonly json?: boolean;
}

export const registerBatchList: RegisterCommand = (batch, host) => {
  batch
    .command('list')
    .description('batches that Temporal remembers, newest first')
    .option('--limit <number>', 'at most so many', toWholeNumber, 100)
    .option('--json', 'print JSON lines')
    .action(async (flags: ListFlags) => {
      host.exitWith(await list(host, flags));
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux batch list\n  $ pollux batch list --json --limit 5\n',
    );
};

async function list(host: CommandHost, { limit, json = false }: ListFlags): Promise<number> {
  const { terminal } = host;
  return await withSession(await loadInstallation(host), async (session) => {
    const rows: BatchSummary[] = [];
    for await (const one of (await openBatches(session)).list({ limit })) {
      if (json) printJson(terminal, one);
      else rows.push(one);
    }
    if (rows.length > 0) terminal.stdout.write(renderBatches(rows));
    else if (!json) say(terminal, 'no batches');
    return 0;
  });
}

function renderBatches(batches: readonly BatchSummary[]): string {
  return renderTable(
    ['BATCH', 'STATUS', 'STARTED', 'FINISHED'],
    batches.map(({ id, status, startedAt, finishedAt }) => [
      id,
      status,
      toSeconds(startedAt),
      finishedAt === null ? '' : toSeconds(finishedAt),
    ]),
  );
}

function toSeconds(isoTime: string): string {
  return `${isoTime.slice(0, 19)}Z`;
}
