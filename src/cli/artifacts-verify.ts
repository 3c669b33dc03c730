import { ERROR_CODES } from '../core/error-codes.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { VerifyPorts } from '../maintenance/verify-artifact.ts';
import { requireJobs } from './artifacts-of-job.ts';
import { createByteProgress } from './artifacts-progress.ts';
import type { ArtifactFilter, RecordedArtifact } from './artifacts-records.ts';
import { addFilterOptions, addLimitOption, readArtifacts } from './artifacts-records.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson, say } from './host.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import type { Terminal, TextStyle } from './terminal.ts';
import { paint } from './terminal.ts';
import { untilInterrupted } from './until-interrupted.ts';

type VerifyFlags = ArtifactFilter & { readonly json?: boolean; readonly quick?: boolean };

/** What a line says of an artifact. `not_checked`: the store did not give its bytes. */
type Outcome = 'ok' | 'missing' | 'changed' | 'not_whole' | 'not_checked';

interface Verified {
  readonly outcome: Outcome;
  readonly detail: string | null;
}

const FAILED_EXIT_CODE = 1;
const DEPENDENCY_EXIT_CODE = ERROR_CODES['storage.unavailable'].exitCode;
const AT_ONCE = 4;

const HELP = `
Every object is read once: its size, SHA-256 and structure must be what was recorded. Nothing is changed.

  ok          it is what was recorded, and one whole media file
  missing     it is not in the store
  changed     its size or SHA-256 is another
  not whole   its bytes are what was recorded, and no whole media file
  not checked the store did not give its bytes

Ends with 1 where an artifact is missing, changed or not whole, else with 4 where one could not be checked, else with 0.

Examples:
  $ pollux artifacts verify shot-7 shot-8
  $ pollux artifacts verify --batch spring --quick
  $ pollux artifacts verify --json | jq 'select(.outcome != "ok")'
`;

export const registerArtifactsVerify: RegisterCommand = (artifacts, host) => {
  const verify = artifacts
    .command('verify')
    .description('read stored artifacts again and compare them with the ledger')
    .argument('[job...]', 'ids of jobs; without one, all that pass the options');
  addLimitOption(addFilterOptions(verify))
    .option('--quick', 'compare sizes, do not read the objects')
    .option('--json', 'print JSON lines')
    .action(async (jobs: readonly string[], flags: VerifyFlags) => {
      host.exitWith(await run(host, jobs, flags));
    })
    .addHelpText('after', HELP);
};

async function run(
  host: CommandHost,
  jobs: readonly string[],
  { json = false, quick = false, ...filter }: VerifyFlags,
): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const wanted = jobs.length === 0 ? filter : { ...filter, job: jobs };
  const ledger = await openExistingLedger(installation);
  const artifacts: RecordedArtifact[] = [];
  try {
    await requireJobs(ledger, jobs);
    if (ledger !== undefined) {
      for await (const artifact of readArtifacts(ledger, wanted)) artifacts.push(artifact);
    }
  } finally {
    await ledger?.close();
  }
  return await untilInterrupted(terminal, 'interrupted; nothing was changed', async (signal) => {
    const { openVerifyPorts } = await import('../installation/verify-ports.ts');
    const ports = openVerifyPorts(installation);
    const outcomes = await verifyAll(artifacts, terminal, {
      isJson: json,
      signal,
      look: lookWith(ports, quick, signal),
    });
    say(terminal, describeTotals(outcomes));
    return toExitCode(outcomes);
  });
}

/** What an error of the store says of the one artifact that was read. */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['storage.unavailable', 'not_checked'],
  ['storage.corrupt', 'changed'],
]);

type Look = (artifact: RecordedArtifact, onRead: (bytes: number) => void) => Promise<Verified>;

function lookWith(ports: VerifyPorts, isQuick: boolean, signal: AbortSignal): Look {
  return async (artifact, onRead) => {
    const { verifyArtifact } = await import('../maintenance/verify-artifact.ts');
    try {
      const verdict = await verifyArtifact(artifact, ports, { isQuick, signal, onRead });
      return { detail: null, ...verdict };
    } catch (error) {
      const outcome = isMediaJobError(error) ? OUTCOMES.get(error.code) : undefined;
      if (outcome === undefined || !isMediaJobError(error)) throw error;
      return { outcome, detail: `${artifact.key}: ${error.message}` };
    }
  };
}

async function verifyAll(
  artifacts: readonly RecordedArtifact[],
  terminal: Terminal,
  options: { readonly isJson: boolean; readonly signal: AbortSignal; readonly look: Look },
): Promise<readonly Outcome[]> {
  const { eachLimited } = await import('../maintenance/each-limited.ts');
  const totalBytes = artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const progress = createByteProgress(terminal, 'reading', totalBytes);
  const outcomes: Outcome[] = [];
  try {
    await eachLimited(artifacts, AT_ONCE, options.signal, async (artifact) => {
      const verified = await options.look(artifact, (bytes) => progress.add(bytes, artifact.key));
      progress.close();
      outcomes.push(verified.outcome);
      if (options.isJson) printJson(terminal, { ...artifact, ...verified });
      else printLine(terminal, artifact, verified);
    });
  } finally {
    progress.close();
  }
  return outcomes;
}

const STYLES: Readonly<Record<Outcome, TextStyle>> = {
  ok: 'green',
  missing: 'red',
  changed: 'red',
  not_whole: 'red',
  not_checked: 'yellow',
};
const OUTCOME_WIDTH = 'not checked'.length;

function printLine(terminal: Terminal, { key }: RecordedArtifact, verified: Verified): void {
  const { outcome, detail } = verified;
  const words = outcome.replace('_', ' ').padEnd(OUTCOME_WIDTH);
  print(terminal, `${paint(terminal, terminal.stdout, STYLES[outcome], words)}  ${detail ?? key}`);
}

/** `3 artifacts: 2 ok, 1 missing`. */
function describeTotals(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return 'no artifacts';
  const counts = (Object.keys(STYLES) as Outcome[])
    .map((outcome) => [outcome, outcomes.filter((each) => each === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome.replace('_', ' ')}`);
  const noun = outcomes.length === 1 ? 'artifact' : 'artifacts';
  return `${outcomes.length} ${noun}: ${counts.join(', ')}`;
}

function toExitCode(outcomes: readonly Outcome[]): number {
  const isFailure = (outcome: Outcome): boolean => outcome !== 'ok' && outcome !== 'not_checked';
  if (outcomes.some(isFailure)) return FAILED_EXIT_CODE;
  return outcomes.includes('not_checked') ? DEPENDENCY_EXIT_CODE : 0;
}
