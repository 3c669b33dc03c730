import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../core/error-codes.ts';
import { isEndStatus } from '../core/job.ts';
import type { Artifact, JobResult, JobState } from '../core/job.ts';
import type { JsonObject } from '../core/json.ts';
import { formatMoney } from '../core/money.ts';
import { formatBytes, formatDuration } from './format.ts';
import { renderFacts } from './table.ts';
import type { TextStyle } from './terminal.ts';

const HELD_EXIT_CODE = 3;
const FAILED_EXIT_CODE = 1;

/** The public result in a state: what `--json` prints. */
export function toJobResult(state: JobState): JobResult {
  const { jobId, status, account, provider, model, taskId, submissions, polls } = state;
  const { artifacts, cost, error, hold, startedAt, finishedAt, cancelRequestedAt } = state;
  return {
    ...{ jobId, status, account, provider, model, taskId, submissions, polls },
    ...{ artifacts, cost, error, hold, startedAt, finishedAt },
    ...(cancelRequestedAt === undefined ? {} : { cancelRequestedAt }),
  };
}

/** Exit code of a command that followed a job this far: a job that failed is 1, unless its code asks for a person. */
export function toExitCode({ status, error }: JobResult): number {
  if (status === 'succeeded') return 0;
  if (!isEndStatus(status)) return status === 'held' ? HELD_EXIT_CODE : 0;
  const needsPerson = error !== null && ERROR_CODES[error.code].exitCode === HELD_EXIT_CODE;
  return needsPerson ? HELD_EXIT_CODE : FAILED_EXIT_CODE;
}

export function styleOf(status: JobResult['status']): TextStyle {
  if (status === 'succeeded') return 'green';
  if (isEndStatus(status)) return 'red';
  return status === 'held' ? 'yellow' : 'cyan';
}

/** A job in a few lines for a person, after its first line. */
export function describeResult(result: JobResult): string {
  const { taskId, artifacts, cost, error, hold, finishedAt, startedAt, polls, submissions } =
    result;
  const facts: (readonly [string, string])[] = [];
  if (taskId !== null) facts.push(['task', taskId]);
  for (const artifact of artifacts) facts.push(['file', describeArtifact(artifact)]);
  facts.push(['cost', cost === null ? describeNoCost(result) : describeCost(cost)]);
  if (error !== null) facts.push(['error', `${error.message} (${error.code})`]);
  if (hold !== null) facts.push(['hold', describeHold(hold)]);
  const tries = `${count(polls, 'poll')}, ${count(submissions, 'submission')}`;
  if (finishedAt !== null) {
    const took = formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
    facts.push(['time', `${took}, ${tries}`]);
  } else {
    facts.push(['so far', `since ${startedAt}, ${tries}`]);
  }
  return renderFacts(facts);
}

function describeHold({ reason, since, number, evidence }: NonNullable<JobResult['hold']>): string {
  const why = evidence['reason'] ?? evidence['message'];
  const because = typeof why === 'string' ? `: ${why}` : '';
  return `${reason} since ${since}, submission ${String(number)}${because}${describeCandidates(evidence)}`;
}

/** Tasks in the provider's list that may be the submission's own. */
function describeCandidates({ candidates }: JsonObject): string {
  if (!Array.isArray(candidates) || candidates.length === 0) return '';
  const ids = (candidates as readonly { readonly taskId?: unknown }[]).map(({ taskId }) => taskId);
  return `; may be ${ids.map(String).join(' or ')}`;
}

/** Before the job is opened nobody has priced it yet. */
function describeNoCost({ status }: JobResult): string {
  return status === 'opening' ? 'not known yet' : 'no price is known for this model';
}

function describeCost({ currency, micros, state, basis }: NonNullable<JobResult['cost']>): string {
  return `${formatMoney({ currency, micros })} ${state} (${basis})`;
}

function describeArtifact(artifact: Artifact): string {
  const { url, sizeBytes, mediaType, width, height, durationSeconds } = artifact;
  const { codec, framesPerSecond } = artifact;
  const place = url.startsWith('file:') ? fileURLToPath(url) : url;
  const facts = [
    formatBytes(sizeBytes),
    mediaType,
    // The codec of an image says what its type says.
    mediaType.startsWith('image/') ? undefined : (codec ?? undefined),
    width === null || height === null ? undefined : `${String(width)}x${String(height)}`,
    framesPerSecond == null ? undefined : `${String(framesPerSecond)} fps`,
    durationSeconds === null ? undefined : `${String(durationSeconds)} s`,
  ].filter((fact) => fact !== undefined);
  return `${place} (${facts.join(', ')})`;
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
