import { Option } from 'commander';
import { DEFAULT_WINDOW } from '../client/batches-types.ts';
import type { RunBatchInput } from '../core/batch-page.ts';
import { RequestError } from '../core/errors.ts';
import { checkBatchId } from '../core/keys.ts';
import type { ManifestFormat } from '../manifest/index.ts';
import type { BudgetFlags, StopFlags } from './batch-options.ts';
import { addBudgetOptions, addStopOptions, toWindow } from './batch-options.ts';
import { requireGood, sayQuote } from './batch-quote.ts';
import { toStartOptions } from './batch-run.ts';
import type { BatchSchedule, Recurrence } from './batch-schedules.ts';
import { readBatch, toFormat } from './batch-source.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { toDurationMs } from './parse-options.ts';
import { loadInstallation, withSession } from './session.ts';
import { renderTable } from './table.ts';

interface CreateFlags extends BudgetFlags, StopFlags {
  readonly id?: string;
  readonly cron?: string;
  /** Milliseconds. */
  readonly every?: number;
  readonly window: number;
  readonly tenant?: string;
  readonly format?: ManifestFormat;
}

/** The time that the server adds to the id of a firing. */
const STAMP_LENGTH = '-2026-06-01T02-00-00Z'.length;
const MAX_ID_LENGTH = 100;

const HELP = `
The manifest is checked and stored once. Each firing runs it as a batch of its own, named for the schedule and the time of
the firing, such as nightly-2026-06-01T02-00-00Z, and buys every item anew. A firing while the one before it still runs is
left out; --budget is of each firing.

Examples:
  $ pollux batch schedule shots.jsonl --id nightly --cron "0 2 * * *" --budget "40.00 USD"
  $ pollux batch schedule shots.csv --every 12h
  $ pollux batch schedule list
  $ pollux batch schedule delete nightly
`;

export const registerBatchSchedule: RegisterCommand = (batch, host) => {
  const schedule = batch
    .command('schedule')
    .description('run a manifest again and again')
    .addHelpText('after', HELP);
  const command = schedule
    .command('create', { isDefault: true })
    .description('check and store a manifest, and run it as the clock says')
    .argument('<manifest>', 'a .jsonl or .csv file, or - for stdin')
    .option('--id <id>', 'the schedule’s id (default: the name of the file)')
    .addOption(
      new Option('--cron <text>', 'when, in UTC: minute hour day month weekday').conflicts('every'),
    )
    .addOption(
      new Option('--every <duration>', 'how often, such as 12h or 1d')
        .argParser(toDurationMs)
        .conflicts('cron'),
    )
    .option('--window <number>', 'jobs in flight at once', toWindow, DEFAULT_WINDOW)
    .option('--tenant <id>', 'whom its jobs are for')
    .addOption(
      new Option('--format <format>', 'of the manifest (default: by its name)').choices([
        'jsonl',
        'csv',
      ]),
    );
  addStopOptions(addBudgetOptions(command))
    .action(async (file: string, flags: CreateFlags) => {
      host.exitWith(await create(host, file, flags));
    })
    .addHelpText('after', HELP);
  schedule
    .command('list')
    .description('the schedules of batches')
    .option('--json', 'print JSON lines')
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      host.exitWith(await list(host, json));
    })
    .addHelpText('after', '\nExamples:\n  $ pollux batch schedule list\n');
  schedule
    .command('delete')
    .description('end a schedule; batches that it has started go on')
    .argument('<schedule>', 'the schedule’s id')
    .action(async (id: string) => {
      host.exitWith(await remove(host, id));
    })
    .addHelpText('after', '\nExamples:\n  $ pollux batch schedule delete nightly\n');
};

async function create(host: CommandHost, file: string, flags: CreateFlags): Promise<number> {
  const { terminal } = host;
  const recurrence = toRecurrence(flags);
  const { id, ...options } = toStartOptions(file, flags);
  requireRoomForStamp(id);
  const format = toFormat(file, flags.format);
  const installation = await loadInstallation(host);
  const { summary, stage } = await readBatch(installation, terminal, file, format);
  try {
    const { formatProblem } = await import('../manifest/index.ts');
    requireGood(terminal, file, summary, formatProblem);
    sayQuote(terminal, summary);
    return await withSession(installation, async ({ access: { temporal } }) => {
      const { createBatchSchedule, describeRecurrence } = await import('./batch-schedules.ts');
      const published = await stage.publish(installation.openStore(), id);
      const input: RunBatchInput = {
        ...options,
        batch: id,
        window: options.window ?? DEFAULT_WINDOW,
        manifest: { ...published, batch: id },
      };
      await createBatchSchedule(temporal, input, recurrence);
      say(terminal, `schedule ${id} runs ${file} ${describeRecurrence(recurrence)}`);
      return 0;
    });
  } finally {
    await stage.discard();
  }
}

async function list(host: CommandHost, isJson: boolean): Promise<number> {
  const { terminal } = host;
  return await withSession(await loadInstallation(host), async ({ access: { temporal } }) => {
    const { listBatchSchedules } = await import('./batch-schedules.ts');
    const rows: BatchSchedule[] = [];
    for await (const schedule of listBatchSchedules(temporal)) {
      if (isJson) printJson(terminal, schedule);
      else rows.push(schedule);
    }
    if (rows.length > 0) terminal.stdout.write(renderSchedules(rows));
    else if (!isJson) say(terminal, 'no schedules');
    return 0;
  });
}

async function remove(host: CommandHost, id: string): Promise<number> {
  checkBatchId(id, 'batch');
  return await withSession(await loadInstallation(host), async ({ access: { temporal } }) => {
    const { deleteBatchSchedule } = await import('./batch-schedules.ts');
    await deleteBatchSchedule(temporal, id);
    say(host.terminal, `schedule ${id} is deleted`);
    return 0;
  });
}

function renderSchedules(schedules: readonly BatchSchedule[]): string {
  return renderTable(
    ['SCHEDULE', 'NEXT', 'WHAT'],
    schedules.map(({ id, next, isPaused, note }) => [
      id,
      isPaused ? 'paused' : `${(next[0] ?? '').slice(0, 19)}Z`,
      note ?? '',
    ]),
  );
}

function toRecurrence({ cron, every }: CreateFlags): Recurrence {
  if (cron !== undefined) return { kind: 'cron', text: cron };
  if (every !== undefined) return { kind: 'every', everyMs: every };
  throw new RequestError(
    'request.invalid',
    'one of --cron "0 2 * * *" and --every 12h must be given',
    { details: { issues: [{ field: 'schedule', rule: 'must be cron or every' }] } },
  );
}

function requireRoomForStamp(id: string): void {
  const most = MAX_ID_LENGTH - STAMP_LENGTH;
  if (id.length <= most) return;
  throw new RequestError(
    'request.invalid',
    `--id (${JSON.stringify(id)}): must have at most ${String(most)} characters, since every firing adds its time`,
  );
}
