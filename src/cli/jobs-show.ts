import { isMediaJobError, RequestError } from '../core/errors.ts';
import type { JobState } from '../core/job.ts';
import { checkJobId } from '../core/keys.ts';
import type { Installation } from '../installation.ts';
import { printResult } from './conclude.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson, say } from './host.ts';
import { completeState, loadInstallation, readFromLedger, withSession } from './session.ts';
import { renderFacts } from './table.ts';
import type { Terminal } from './terminal.ts';
import { NO_WORKER } from './workers.ts';

export const registerJobsShow: RegisterCommand = (jobs, host) => {
  jobs
    .command('show')
    .description('where a job stands: result so far, progress, next poll, history')
    .argument('<job>', 'the job’s id')
    .option('--json', 'print one JSON document')
    .action(async (jobId: string, { json = false }: { json?: boolean }) => {
      host.exitWith(await show(host, jobId, json));
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux jobs show shot-7\n  $ pollux jobs show shot-7 --json | jq .progress\n',
    );
};

async function show(host: CommandHost, jobId: string, isJson: boolean): Promise<number> {
  const { terminal } = host;
  checkJobId(jobId);
  const installation = await loadInstallation(host);
  const state = await readAnywhere(installation, jobId, terminal);
  if (isJson) printJson(terminal, state);
  else printState(terminal, state);
  return 0;
}

/** From Temporal; where that does not know the job or does not answer, from the ledger. */
async function readAnywhere(
  installation: Installation,
  jobId: string,
  terminal: Terminal,
): Promise<JobState> {
  try {
    const state = await withSession(installation, ({ client }) => client.job(jobId).state());
    if (hasAnswered(state)) return completeState(installation.config, state);
    const recorded = await readFromLedger(installation, jobId);
    say(
      terminal,
      recorded === undefined ? NO_WORKER : `${NO_WORKER}; until then this is what the ledger says`,
    );
    return completeState(installation.config, recorded ?? state);
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    const isAway = error.code === 'temporal.unavailable';
    if (!isAway && error.code !== 'request.invalid') throw error;
    const recorded = await readFromLedger(installation, jobId);
    if (recorded !== undefined) {
      const reason = isAway ? 'does not answer' : 'does not know this job any more';
      say(terminal, `Temporal ${reason}; this is what the ledger says`);
      return recorded;
    }
    if (isAway) throw error;
    throw new RequestError(
      'request.invalid',
      `job ${jobId} is known neither to Temporal nor to the ledger; \`pollux jobs list\` shows the jobs there are`,
      { cause: error },
    );
  }
}

/** Every job notes its beginning, so a state without a history is not the job's own word. */
function hasAnswered(state: JobState): boolean {
  return state.history.length > 0;
}

function printState(terminal: Terminal, state: JobState): void {
  printResult(terminal, state);
  const { progress, nextPollAt, taskExpiresAt, urlExpiresAt, finishedAt, history } = state;
  if (finishedAt === null) {
    const live: (readonly [string, string])[] = [
      ['progress', progress === null ? 'not told' : `${String(progress)} %`],
      ['next poll', nextPollAt ?? 'none is planned'],
    ];
    if (taskExpiresAt !== null) live.push(['task expires', taskExpiresAt]);
    if (urlExpiresAt !== null) live.push(['result URL expires', urlExpiresAt]);
    terminal.stdout.write(renderFacts(live));
  }
  for (const { at, status, note } of history) print(terminal, `  ${at}  ${status}: ${note}`);
}
