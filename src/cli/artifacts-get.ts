import { Option } from 'commander';
import type { ArtifactStore } from '../core/artifact-store.ts';
import { RequestError } from '../core/errors.ts';
import { fileErrorCode } from '../core/file-errors.ts';
import type { ArtifactChoice } from './artifacts-of-job.ts';
import { chooseArtifacts } from './artifacts-of-job.ts';
import { createByteProgress } from './artifacts-progress.ts';
import type { RecordedArtifact } from './artifacts-records.ts';
import { copyArtifacts, readVerified, toDestination } from './copy-artifacts.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson, say } from './host.ts';
import { toWholeNumber } from './parse-options.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import type { Terminal } from './terminal.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface GetFlags extends ArtifactChoice {
  readonly out?: string;
  readonly force?: boolean;
  /** Seconds. */
  readonly link?: number;
  readonly json?: boolean;
}

const STDOUT = '-';

const HELP = `
A copy has the size and the SHA-256 that were recorded, or it does not appear at all. What goes to stdout cannot be taken
back: there a difference is the exit code 1 at the end.

Examples:
  $ pollux artifacts get shot-7
  $ pollux artifacts get shot-7 --out renders/
  $ pollux artifacts get shot-7 --index 1 --out - | ffprobe -
  $ pollux artifacts get shot-7 --link 3600
`;

export const registerArtifactsGet: RegisterCommand = (artifacts, host) => {
  artifacts
    .command('get')
    .description('copy the artifacts of a job out of the store')
    .argument('<job>', 'the job’s id')
    .option('--index <number>', 'only this output of the task, from 0', toWholeNumber)
    .option(
      '--number <number>',
      'of this submission (default: the newest that has artifacts)',
      toWholeNumber,
    )
    .option('--out <path>', 'file, folder, or - for stdout (default: the current folder)')
    .option('--force', 'replace files that are there')
    .addOption(
      new Option('--link <seconds>', 'copy nothing, print links that let anyone read for so long')
        .argParser(toWholeNumber)
        .conflicts(['out', 'force']),
    )
    .option('--json', 'print JSON lines')
    .action(async (jobId: string, flags: GetFlags) => {
      host.exitWith(await get(host, jobId, flags));
    })
    .addHelpText('after', HELP);
};

async function get(host: CommandHost, jobId: string, flags: GetFlags): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const ledger = await openExistingLedger(installation);
  let chosen: readonly RecordedArtifact[];
  try {
    chosen = await chooseArtifacts(ledger, jobId, flags);
  } finally {
    await ledger?.close();
  }
  const store = installation.openStore();
  if (flags.link !== undefined) {
    return await printLinks(terminal, store, chosen, flags.link, flags.json === true);
  }
  return await untilInterrupted(terminal, 'interrupted; no part of a copy is left', (signal) =>
    flags.out === STDOUT
      ? copyToStdout(terminal, store, chosen, signal)
      : copyToFiles(terminal, store, chosen, flags, signal),
  );
}

async function printLinks(
  terminal: Terminal,
  store: ArtifactStore,
  chosen: readonly RecordedArtifact[],
  seconds: number,
  isJson: boolean,
): Promise<number> {
  if (store.linkTo === undefined) {
    throw new RequestError(
      'request.invalid',
      'this artifact store gives no links: only an s3: store does; copy the file with --out instead',
    );
  }
  for (const artifact of chosen) {
    const link = await store.linkTo(artifact.key, seconds);
    if (isJson) printJson(terminal, { ...artifact, link });
    else print(terminal, link);
  }
  return 0;
}

async function copyToFiles(
  terminal: Terminal,
  store: ArtifactStore,
  chosen: readonly RecordedArtifact[],
  { out, force = false, json = false }: GetFlags,
  signal: AbortSignal,
): Promise<number> {
  const destination = toDestination(out ?? './', terminal.cwd);
  const [first] = chosen;
  const totalBytes = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const progress = createByteProgress(terminal, 'copying', totalBytes);
  try {
    const job = { jobId: first?.jobId ?? '', artifacts: chosen };
    const paths = await copyArtifacts(store, job, destination, {
      replaces: force,
      signal,
      onRead: (bytes, { key }) => progress.add(bytes, key),
    });
    progress.close();
    for (const [position, path] of paths.entries()) {
      if (json) printJson(terminal, { ...chosen[position], path });
      else print(terminal, path);
    }
  } finally {
    progress.close();
  }
  return 0;
}

async function copyToStdout(
  terminal: Terminal,
  store: ArtifactStore,
  chosen: readonly RecordedArtifact[],
  signal: AbortSignal,
): Promise<number> {
  const [artifact, another] = chosen;
  if (artifact === undefined) return 0;
  if (another !== undefined)
    throw notForStdout('the job has several artifacts; choose one with --index');
  if (terminal.stdout.isTerminal) throw notForStdout('stdout is a terminal; redirect it');
  const progress = createByteProgress(terminal, 'copying', artifact.sizeBytes);
  try {
    await readVerified(store, artifact, {
      signal,
      take: async (bytes) => {
        await terminal.writeBytes(bytes);
        progress.add(bytes.length, artifact.key);
      },
    });
  } catch (error) {
    // A reader that went away, as in `… | head -c 100`, is no error of ours.
    if (fileErrorCode(error) === 'EPIPE') return 0;
    throw error;
  } finally {
    progress.close();
  }
  say(terminal, `copied ${artifact.key}`);
  return 0;
}

function notForStdout(why: string): RequestError {
  return new RequestError('request.invalid', `--out -: ${why}`);
}
