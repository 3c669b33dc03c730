import type { RegisterCommand } from './host.ts';
import { registerJobsAdopt } from './jobs-adopt.ts';
import { registerJobsCancel, registerJobsPoll } from './jobs-control.ts';
import { registerJobsExtend } from './jobs-extend.ts';
import { registerJobsList } from './jobs-list.ts';
import { registerJobsResolve } from './jobs-resolve.ts';
import { registerJobsShow } from './jobs-show.ts';

const EXAMPLES = `
Examples:
  $ pollux jobs list --status open
  $ pollux jobs show shot-7
  $ pollux jobs cancel shot-7 --reason "wrong prompt"
  $ pollux jobs resolve shot-7 --adopt task_1f0c --reason "found in the dashboard"
  $ pollux jobs adopt nexusflow/wan2.6-t2v task_1f0c --duration-seconds 5 --resolution 720P
`;

export const registerJobs: RegisterCommand = (program, host) => {
  const jobs = program
    .command('jobs')
    .description('look at jobs and act on them')
    .addHelpText('after', EXAMPLES);
  registerJobsList(jobs, host);
  registerJobsShow(jobs, host);
  registerJobsCancel(jobs, host);
  registerJobsPoll(jobs, host);
  registerJobsExtend(jobs, host);
  registerJobsResolve(jobs, host);
  registerJobsAdopt(jobs, host);
};
