import { prepareAdoption } from '../core/accounts.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import type { RequestFlags } from './request-flags.ts';
import { addRequestFlags } from './request-flags.ts';
import type { FollowFlags } from './run.ts';
import { addFollowFlags, readRequest, startAndFollow, toStartOptions } from './run.ts';
import { loadInstallation, withSession } from './session.ts';

const EXAMPLES = `
The request's options tell the price; nothing is submitted.

Examples:
  $ pollux jobs adopt nexusflow/wan2.6-t2v task_1f0c --duration-seconds 5 --resolution 720P
  $ pollux jobs adopt gateway/kling-v2 9c2e --job-id shot-7 --detach --json
`;

export const registerJobsAdopt: RegisterCommand = (jobs, host) => {
  const command = jobs
    .command('adopt')
    .description('start a job from a task that exists already: follow, book and store it')
    .argument('<account/model>', 'whose task it is')
    .argument('<taskId>', 'the provider’s id of the task');
  addFollowFlags(addRequestFlags(command))
    .action(async (model: string, taskId: string, flags: RequestFlags & FollowFlags) => {
      host.exitWith(await adopt(host, model, taskId, flags));
    })
    .addHelpText('after', EXAMPLES);
};

async function adopt(
  host: CommandHost,
  model: string,
  taskId: string,
  flags: RequestFlags & FollowFlags,
): Promise<number> {
  const { terminal } = host;
  const request = await readRequest(model, flags, terminal, taskId);
  const installation = await loadInstallation(host);
  const prepared = prepareAdoption(installation.accounts, request);
  return withSession(installation, (session) =>
    startAndFollow(session, terminal, prepared, flags, {
      ...toStartOptions(flags),
      adoptTaskId: taskId,
    }),
  );
}
