import { Option } from 'commander';
import { RequestError } from '../core/errors.ts';
import type { Resolution } from '../core/job.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { act, systemUser } from './job-action.ts';

interface ResolveFlags {
  readonly adopt?: string;
  readonly resubmit?: true;
  readonly abandon?: true;
  readonly reason: string;
  readonly author: string;
  readonly json?: true;
}

const HELP = `
A job is held where its submission may have been accepted and nobody can tell. Look for its task at the provider first:
\`pollux jobs show <job>\` names what the provider's list may show. The decision, its author and its reason go to the ledger.

  --adopt     the task is there: follow, book and store it
  --resubmit  submit once more; if the first one was accepted after all, both are charged
  --abandon   end the job as failed; its money stays \`unknown\` in the ledger

Examples:
  $ pollux jobs list --held
  $ pollux jobs resolve shot-7 --adopt task_1f0c --reason "found in the dashboard"
  $ pollux jobs resolve shot-7 --resubmit --reason "support confirms there is no task" --author mona
`;

export const registerJobsResolve: RegisterCommand = (jobs, host) => {
  jobs
    .command('resolve')
    .description('decide about a submission that may have been accepted')
    .argument('<job>', 'the job’s id')
    .addOption(
      new Option('--adopt <taskId>', 'this is its task').conflicts(['resubmit', 'abandon']),
    )
    .addOption(new Option('--resubmit', 'submit once more').conflicts(['adopt', 'abandon']))
    .addOption(new Option('--abandon', 'give the job up').conflicts(['adopt', 'resubmit']))
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .option('--author <name>', 'who decided', systemUser())
    .option('--json', 'print one JSON document')
    .action(async (jobId: string, flags: ResolveFlags) => {
      await resolve(host, jobId, flags);
    })
    .addHelpText('after', HELP);
};

async function resolve(host: CommandHost, jobId: string, flags: ResolveFlags): Promise<void> {
  const { author, reason } = flags;
  const resolution = toResolution(flags);
  await act(host, jobId, 'resolved', (job) => job.resolve(resolution, { author, reason }));
  if (flags.json === true) printJson(host.terminal, { jobId, resolution, author, reason });
  else say(host.terminal, `job ${jobId}: ${DONE[resolution.kind]}; \`pollux jobs show ${jobId}\``);
  host.exitWith(0);
}

const DONE: Readonly<Record<Resolution['kind'], string>> = {
  adopt: 'the task is its own now and is followed',
  resubmit: 'it is submitted once more',
  abandon: 'it is given up; its money stays unknown until it is settled',
};

function toResolution({ adopt, resubmit, abandon }: ResolveFlags): Resolution {
  if (adopt !== undefined && adopt.trim() !== '') return { kind: 'adopt', taskId: adopt.trim() };
  if (resubmit === true) return { kind: 'resubmit' };
  if (abandon === true) return { kind: 'abandon' };
  throw new RequestError(
    'request.invalid',
    'one of --adopt <taskId>, --resubmit and --abandon must be given',
    { details: { issues: [{ field: 'resolution', rule: 'must be adopt, resubmit or abandon' }] } },
  );
}
