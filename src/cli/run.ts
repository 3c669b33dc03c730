import type { StartOptions } from '../client.ts';
import { prepareRequest } from '../core/accounts.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import type { MediaRequest } from '../core/job.ts';
import { checkJobId } from '../core/keys.ts';
import type { Quote } from '../core/money.ts';
import { formatMoney } from '../core/money.ts';
import { conclude, printResult } from './conclude.ts';
import { toDestination } from './copy-artifacts.ts';
import { toJobResult } from './describe-result.ts';
import { followJob } from './follow.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson, say } from './host.ts';
import { toNumber } from './parse-options.ts';
import type { RequestFlags } from './request-flags.ts';
import { addRequestFlags, toRequestValue } from './request-flags.ts';
import type { Session } from './session.ts';
import { completeState, loadInstallation, withSession } from './session.ts';
import type { Terminal } from './terminal.ts';

interface RunFlags extends RequestFlags, FollowFlags {
  readonly dryRun?: boolean;
}

/** Options of the commands that start a job and follow it. */
export interface FollowFlags {
  readonly tenant?: string;
  readonly jobId?: string;
  readonly out?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
  readonly waitHeld?: number;
}

const EXAMPLES = `
Examples:
  $ pollux run nexusflow/wan2.6-t2v --prompt "A harbour at dawn" --duration-seconds 5 --resolution 720P
  $ pollux run nexusflow/wan2.6-i2v --image-url https://example.org/first.png --prompt "It starts to rain" --out rain.mp4
  $ pollux run gateway/kling-v2 --prompt "A cat" --extra mode=pro --extra 'camera={"zoom":2}'
  $ pollux run --request shot.json --dry-run --json
  $ pollux run nexusflow/wan2.6-t2v --prompt "A harbour" --job-id shot-7     run it twice: one job
`;

export const registerRun: RegisterCommand = (program, host) => {
  const command = program
    .command('run')
    .description('run one job to its file, with live progress')
    .argument('[account/model]', 'what runs it; `pollux models` lists them');
  addFollowFlags(addRequestFlags(command))
    .option('--dry-run', 'check and price the request; send nothing')
    .action(async (model: string | undefined, flags: RunFlags) => {
      host.exitWith(await run(host, model, flags));
    })
    .addHelpText('after', EXAMPLES);
};

export function addFollowFlags(command: ReturnType<typeof addRequestFlags>): typeof command {
  return command
    .option('--tenant <id>', 'whom the job is for')
    .option('--job-id <id>', 'the job’s id; the same id again attaches to the same job')
    .option('--out <path>', 'copy the result to this file or folder')
    .option('--detach', 'start the job, print it and do not wait')
    .option('--json', 'print one JSON document')
    .option('--wait-held <seconds>', 'wait this long for a held job before giving up', toNumber, 0);
}

async function run(host: CommandHost, model: string | undefined, flags: RunFlags): Promise<number> {
  const { terminal } = host;
  const request = await readRequest(model, flags, terminal);
  const installation = await loadInstallation(host);
  const prepared = prepareRequest(installation.accounts, request);
  if (flags.dryRun === true) return printDryRun(terminal, prepared, flags.json === true);
  return withSession(installation, (session) =>
    startAndFollow(session, terminal, prepared, flags, toStartOptions(flags)),
  );
}

/** Everything that can be said of the command line before the configuration is read. `request.invalid`. */
export async function readRequest(
  model: string | undefined,
  flags: RequestFlags & FollowFlags,
  terminal: Terminal,
  adoptTaskId?: string,
): Promise<MediaRequest> {
  const { jobId, tenant } = flags;
  if (jobId !== undefined) checkJobId(jobId);
  const { parseJobInput } = await import('../schema/request.ts');
  const request = await toRequestValue(model, flags, terminal);
  return parseJobInput({ request, tenant, adoptTaskId }).request;
}

export function toStartOptions({ jobId, tenant }: FollowFlags): StartOptions {
  return {
    ...(jobId === undefined ? {} : { jobId }),
    ...(tenant === undefined ? {} : { tenant }),
  };
}

/** Starts or attaches, then follows unless detached. Returns the exit code. */
export async function startAndFollow(
  session: Session,
  terminal: Terminal,
  { request, quote }: Pick<PreparedRequest, 'request' | 'quote'>,
  flags: FollowFlags,
  options: StartOptions,
): Promise<number> {
  const out = flags.out === undefined ? undefined : toDestination(flags.out, terminal.cwd);
  const isJson = flags.json === true;
  const job = await session.client.start(request, options);
  const { jobId } = job;
  say(
    terminal,
    job.attached
      ? `job ${jobId} was already started; attached`
      : `job ${jobId} started: ${request.model}${describeQuote(quote)}`,
  );
  if (flags.detach === true) {
    const { config } = session.installation;
    const state = completeState(config, await job.state(), request.model);
    if (isJson) printJson(terminal, toJobResult(state));
    else printResult(terminal, state);
    return 0;
  }
  const waitHeldSeconds = flags.waitHeld ?? 0;
  const followed = await followJob({ job, session, terminal, waitHeldSeconds });
  return conclude(followed, { jobId, session, terminal, isJson, out });
}

function printDryRun(
  terminal: Terminal,
  { request, quote }: PreparedRequest,
  isJson: boolean,
): number {
  if (isJson) {
    const { currency, micros, basis } = quote ?? {};
    printJson(terminal, { request, quote: quote === null ? null : { currency, micros, basis } });
    return 0;
  }
  print(
    terminal,
    `${request.model}: the request is valid${describeQuote(quote)}; nothing was sent`,
  );
  return 0;
}

function describeQuote(quote: Quote | null): string {
  if (quote === null) return ', no price is known for this model';
  const about = quote.estimated ? 'at most ' : '';
  return `, ${about}${formatMoney(quote)} (${quote.basis})`;
}
