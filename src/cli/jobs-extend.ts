import { InvalidArgumentError } from 'commander';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { act } from './job-action.ts';
import { toWholeNumber } from './parse-options.ts';

interface ExtendFlags {
  readonly seconds: number;
  readonly json?: boolean;
}

const HELP = `
A job counts as expired when its task's life, or that of its result URL, is sure to be over. Where the provider keeps them
longer than it says, this gives the job more time: at most a week at once, and again if need be. Nothing is bought.

Examples:
  $ pollux jobs extend shot-7 --seconds 3600
`;

export const registerJobsExtend: RegisterCommand = (jobs, host) => {
  jobs
    .command('extend')
    .description('give a job more time before it counts as expired')
    .argument('<job>', 'the job’s id')
    .requiredOption('--seconds <number>', 'added to the life of its task and result URL', toSeconds)
    .option('--json', 'print one JSON document')
    .action(async (jobId: string, flags: ExtendFlags) => {
      await extend(host, jobId, flags);
    })
    .addHelpText('after', HELP);
};

async function extend(
  host: CommandHost,
  jobId: string,
  { seconds, json = false }: ExtendFlags,
): Promise<void> {
  await act(host, jobId, 'extended', (job) => job.extendLife(seconds));
  if (json) printJson(host.terminal, { jobId, seconds });
  else say(host.terminal, `job ${jobId} has ${seconds} s more; \`pollux jobs show ${jobId}\``);
  host.exitWith(0);
}

function toSeconds(text: string): number {
  const seconds = toWholeNumber(text);
  if (seconds === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return seconds;
}
