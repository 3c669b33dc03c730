import { Option } from 'commander';
import type { JobListFilter, JobSummary } from '../client.ts';
import { END_STATUSES, OPEN_STATUSES } from '../core/job.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { toWholeNumber } from './parse-options.ts';
import { loadInstallation, withSession } from './session.ts';
import { renderTable } from './table.ts';

type ListFlags = JobListFilter & { readonly json?: boolean };

const STATUSES: readonly string[] = ['open', ...OPEN_STATUSES, ...END_STATUSES];

export const registerJobsList: RegisterCommand = (jobs, host) => {
  jobs
    .command('list')
    .description('jobs that Temporal remembers, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .option('--held', 'only jobs that wait for a person')
    .option('--account <name>', 'only jobs of this account')
    .option('--batch <id>', 'only jobs of this batch')
    .option('--tenant <id>', 'only jobs of this tenant')
    .option('--limit <number>', 'at most so many', toWholeNumber, 100)
    .option('--json', 'print JSON lines')
    .action(async ({ json = false, ...filter }: ListFlags) => {
      host.exitWith(await list(host, filter, json));
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux jobs list --status open\n  $ pollux jobs list --held --json\n',
    );
};

async function list(host: CommandHost, filter: JobListFilter, isJson: boolean): Promise<number> {
  const { terminal } = host;
  return withSession(await loadInstallation(host), async ({ client }) => {
    const rows: JobSummary[] = [];
    for await (const job of client.list(filter)) {
      if (isJson) printJson(terminal, job);
      else rows.push(job);
    }
    if (rows.length > 0) terminal.stdout.write(renderJobs(rows));
    else if (!isJson) say(terminal, 'no jobs');
    return 0;
  });
}

function renderJobs(jobs: readonly JobSummary[]): string {
  return renderTable(
    ['JOB', 'STATUS', 'MODEL', 'STARTED', 'FINISHED', 'HOLD'],
    jobs.map((job) => [
      job.jobId,
      job.status,
      `${job.account ?? '?'}/${job.model ?? '?'}`,
      toSeconds(job.startedAt),
      job.finishedAt === null ? '' : toSeconds(job.finishedAt),
      job.hold ?? '',
    ]),
  );
}

function toSeconds(isoTime: string): string {
  return `${isoTime.slice(0, 19)}Z`;
}
