import type { JobResult } from '../core/job.ts';
import { copyArtifacts } from './copy-artifacts.ts';
import { describeResult, styleOf, toExitCode, toJobResult } from './describe-result.ts';
import type { Followed } from './follow.ts';
import { print, printJson, say } from './host.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

export interface ConcludeOptions {
  readonly jobId: string;
  readonly session: Session;
  readonly terminal: Terminal;
  readonly isJson: boolean;
  /** File or folder that gets copies of the artifacts. */
  readonly out: string | undefined;
}

const INTERRUPTED_EXIT_CODE = 130;

/** Says how following a job ended and how to come back; returns the exit code. */
export async function conclude(followed: Followed, options: ConcludeOptions): Promise<number> {
  const { jobId, session, terminal, isJson, out } = options;
  if (followed.outcome === 'interrupted') {
    say(terminal, `interrupted; the job goes on\n${comeBack(jobId)}`);
    return INTERRUPTED_EXIT_CODE;
  }
  const result = toJobResult(followed.state);
  if (out !== undefined && result.artifacts.length > 0) {
    const store = session.installation.openStore();
    for (const path of await copyArtifacts(store, result, out)) say(terminal, `copied to ${path}`);
  }
  if (isJson) printJson(terminal, result);
  else printResult(terminal, result);
  if (followed.outcome === 'held') {
    say(terminal, `the job is held and goes on; ${whatItWaitsFor(result)}\n${comeBack(jobId)}`);
  }
  return toExitCode(result);
}

export function printResult(terminal: Terminal, result: JobResult): void {
  const { stdout } = terminal;
  const status = paint(terminal, stdout, styleOf(result.status), result.status);
  print(terminal, `${status}  ${result.account}/${result.model}  job ${result.jobId}`);
  stdout.write(describeResult(result));
}

export function comeBack(jobId: string): string {
  return [
    `  pollux jobs show ${jobId}`,
    `  the same command with --job-id ${jobId} attaches to it again`,
  ].join('\n');
}

function whatItWaitsFor({ hold, jobId }: JobResult): string {
  if (hold?.reason === 'submit_unknown') {
    return (
      `the outcome of submission ${String(hold.number)} is not known: look for its task at the provider; ` +
      `then decide with \`pollux jobs resolve ${jobId}\` --adopt <taskId>, --resubmit or --abandon`
    );
  }
  return `it waits for a person because of ${hold?.reason ?? 'a hold'}; \`pollux jobs poll ${jobId}\` tries again`;
}
