import type { Command } from 'commander';
import { toIsoTime } from '../core/clock.ts';
import type { Artifact } from '../core/job.ts';
import { splitArtifactKey } from '../core/keys.ts';
import type { JobFilter, JobRecord, Ledger } from '../core/ledger.ts';
import { collectJobId, toDurationMs, toWholeNumber } from './parse-options.ts';

/** Which artifacts a command is about. */
export interface ArtifactFilter extends Pick<JobFilter, 'account' | 'batch' | 'tenant'> {
  readonly job?: readonly string[];
  /** Milliseconds since the end of the job; those of open jobs are never older. */
  readonly olderThan?: number;
  /** At most so many artifacts. */
  readonly limit?: number;
}

/** An artifact and the job it belongs to. What `--json` prints. */
export interface RecordedArtifact extends Artifact {
  readonly jobId: string;
  /** Of the submission. */
  readonly number: number;
  readonly account: string;
  readonly model: string;
  readonly tenant: string | null;
  readonly batch: string | null;
  /** ISO 8601; of the job. */
  readonly endedAt: string | null;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--account <name>', 'only artifacts of this account')
    .option('--batch <id>', 'only artifacts of this batch')
    .option('--tenant <id>', 'only artifacts of this tenant')
    .option(
      '--older-than <duration>',
      'only of jobs that ended so long ago, e.g. 12h or 30d',
      toDurationMs,
    );
}

export function addJobOption(command: Command): Command {
  return command.option('--job <id>', 'only artifacts of this job; may be repeated', collectJobId);
}

export function addLimitOption(command: Command, initial?: number): Command {
  return command.option('--limit <number>', 'at most so many', toWholeNumber, initial);
}

/** Artifacts of the jobs that pass the filter, newest job first. `ledger.unavailable`. */
export async function* readArtifacts(
  ledger: Pick<Ledger, 'artifacts' | 'jobs'>,
  filter: ArtifactFilter,
  nowMs: number = Date.now(),
): AsyncGenerator<RecordedArtifact> {
  const { job, olderThan, limit = Infinity, ...jobFilter } = filter;
  const endedBefore = olderThan === undefined ? undefined : toIsoTime(nowMs - olderThan);
  const jobs = await ledger.jobs({ ...jobFilter, ...(job === undefined ? {} : { jobIds: job }) });
  let count = 0;
  for (const record of jobs) {
    if (endedBefore !== undefined && !hasEndedBefore(record, endedBefore)) continue;
    for (const artifact of await ledger.artifacts(record.jobId)) {
      if (count >= limit) return;
      count += 1;
      yield toRecorded(record, artifact);
    }
  }
}

function hasEndedBefore({ endedAt }: JobRecord, isoTime: string): boolean {
  return endedAt !== null && endedAt <= isoTime;
}

export function toRecorded(job: JobRecord, artifact: Artifact): RecordedArtifact {
  const { jobId, account, model, tenant, batch, endedAt } = job;
  const number = splitArtifactKey(artifact.key)?.number ?? job.currentNumber;
  return { jobId, number, account, model, tenant, batch, endedAt, ...artifact };
}
