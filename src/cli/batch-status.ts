import { followToEnd } from './batch-conclude.ts';
import { withBatch } from './batch-session.ts';
import { showBatch } from './batch-show.ts';
import { toBatchExitCode } from './batch-state.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson } from './host.ts';
import { toNumber } from './parse-options.ts';

interface StatusFlags {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly waitHeld: number;
}

const HELP = `
Exit codes are those of \`pollux batch run\`; a batch that goes on is 0.

Examples:
  $ pollux batch status nightly
  $ pollux batch status nightly --follow
  $ pollux batch status nightly --json | jq .failures
`;

export const registerBatchStatus: RegisterCommand = (batch, host) => {
  batch
    .command('status')
    .description('where a batch stands')
    .argument('<batch>', 'the batch’s id')
    .option('--follow', 'show it until it ends')
    .option('--json', 'print one JSON document')
    .option(
      '--wait-held <seconds>',
      'where every job in flight is held, wait this long before giving up',
      toNumber,
      0,
    )
    .action(async (id: string, flags: StatusFlags) => {
      host.exitWith(await showStatus(host, id, flags));
    })
    .addHelpText('after', HELP);
};

async function showStatus(
  host: CommandHost,
  id: string,
  { follow = false, json = false, waitHeld }: StatusFlags,
): Promise<number> {
  const { terminal } = host;
  return await withBatch(host, id, async (batch, session) => {
    if (follow) {
      return await followToEnd({ batch, session, terminal, json, waitHeld, streamsItems: false });
    }
    const state = await batch.state();
    if (json) printJson(terminal, state);
    else await showBatch(terminal, batch, state);
    return toBatchExitCode(state);
  });
}
