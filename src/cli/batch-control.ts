import type { BatchChange } from '../client/batches-types.ts';
import { RequestError } from '../core/errors.ts';
import type { Decision } from '../core/job.ts';
import { comeBack } from './batch-conclude.ts';
import type { BudgetChangeFlags } from './batch-options.ts';
import {
  addBudgetChangeOptions,
  addDecisionOptions,
  toBudgetChange,
  toDecision,
  toWindow,
} from './batch-options.ts';
import { actOnBatch } from './batch-session.ts';
import type { RegisterCommand } from './host.ts';
import { say } from './host.ts';

interface SetFlags extends Decision, BudgetChangeFlags {
  readonly window?: number;
}

export const registerBatchCancel: RegisterCommand = (batch, host) => {
  addDecisionOptions(
    batch
      .command('cancel')
      .description('start nothing more; the batch ends once its jobs in flight have')
      .argument('<batch>', 'the batch’s id')
      .option('--jobs', 'cancel the jobs in flight, too'),
  )
    .action(async (id: string, flags: Decision & { readonly jobs?: boolean }) => {
      const { jobs = false } = flags;
      await actOnBatch(host, id, (handle) => handle.cancel({ ...toDecision(flags), jobs }));
      const what = jobs
        ? 'starts nothing more and cancels what is in flight'
        : 'starts nothing more';
      say(host.terminal, `batch ${id} ${what}\n${comeBack(id)}`);
      host.exitWith(0);
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux batch cancel nightly --reason "wrong prompts"\n  $ pollux batch cancel nightly --jobs\n',
    );
};

export const registerBatchPause: RegisterCommand = (batch, host) => {
  addDecisionOptions(
    batch
      .command('pause')
      .description('start no more items for now; what is in flight goes on')
      .argument('<batch>', 'the batch’s id'),
  )
    .action(async (id: string, flags: Decision) => {
      await actOnBatch(host, id, (handle) => handle.pause(toDecision(flags)));
      say(host.terminal, `batch ${id} is paused; \`pollux batch resume ${id}\` goes on`);
      host.exitWith(0);
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux batch pause nightly --reason "provider is slow"\n',
    );
};

export const registerBatchResume: RegisterCommand = (batch, host) => {
  addDecisionOptions(
    batch.command('resume').description('start items again').argument('<batch>', 'the batch’s id'),
  )
    .action(async (id: string, flags: Decision) => {
      await actOnBatch(host, id, (handle) => handle.resume(toDecision(flags)));
      say(host.terminal, `batch ${id} goes on\n${comeBack(id)}`);
      host.exitWith(0);
    })
    .addHelpText('after', '\nExamples:\n  $ pollux batch resume nightly\n');
};

const SET_HELP = `
What is in flight stays in flight, also in a smaller window. A budget counts what the batch has spent already.

Examples:
  $ pollux batch set nightly --window 100
  $ pollux batch set nightly --budget "60.00 USD" --reason "approved by mona"
  $ pollux batch set nightly --no-budget
`;

export const registerBatchSet: RegisterCommand = (batch, host) => {
  const command = batch
    .command('set')
    .description('change window or budget of a batch while it runs')
    .argument('<batch>', 'the batch’s id')
    .option('--window <number>', 'jobs in flight at once', toWindow);
  addDecisionOptions(addBudgetChangeOptions(command))
    .action(async (id: string, flags: SetFlags) => {
      const change = toChange(flags);
      await actOnBatch(host, id, (handle) => handle.change({ ...change, ...toDecision(flags) }));
      say(host.terminal, `batch ${id} is changed`);
      host.exitWith(0);
    })
    .addHelpText('after', SET_HELP);
};

/** Throws `request.invalid` where nothing is to be changed. */
function toChange({ window, ...flags }: SetFlags): BatchChange {
  const budget = toBudgetChange(flags);
  if (window === undefined && budget === undefined) {
    throw new RequestError(
      'request.invalid',
      'nothing is to be changed: give --window, --budget or --no-budget',
    );
  }
  return {
    ...(window === undefined ? {} : { window }),
    ...(budget === undefined ? {} : { budget }),
  };
}
