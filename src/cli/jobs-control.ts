import type { RegisterCommand } from './host.ts';
import { say } from './host.ts';
import { act, systemUser } from './job-action.ts';

interface CancelFlags {
  readonly reason: string;
  readonly author: string;
}

export const registerJobsCancel: RegisterCommand = (jobs, host) => {
  jobs
    .command('cancel')
    .description('end a job; a task that cannot be stopped is followed to its end and kept')
    .argument('<job>', 'the job’s id')
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .option('--author <name>', 'who decided', systemUser())
    .action(async (jobId: string, { author, reason }: CancelFlags) => {
      await act(host, jobId, 'cancelled', (job) => job.cancel({ author, reason }));
      say(
        host.terminal,
        `cancel requested for job ${jobId}; \`pollux jobs show ${jobId}\` tells its end`,
      );
      host.exitWith(0);
    })
    .addHelpText('after', '\nExamples:\n  $ pollux jobs cancel shot-7 --reason "wrong prompt"\n');
};

export const registerJobsPoll: RegisterCommand = (jobs, host) => {
  jobs
    .command('poll')
    .description('read the task of a job now, or try its held step again')
    .argument('<job>', 'the job’s id')
    .action(async (jobId: string) => {
      await act(host, jobId, 'polled', (job) => job.poll());
      say(host.terminal, `job ${jobId} is polled as soon as the account's poll budget allows`);
      host.exitWith(0);
    })
    .addHelpText('after', '\nExamples:\n  $ pollux jobs poll shot-7\n');
};
