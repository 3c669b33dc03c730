import { toIsoTime } from '../core/clock.ts';
import type { Artifact, MediaKind } from '../core/job.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { compareWithRequest } from '../core/media-match.ts';
import type { MediaFacts } from '../core/media.ts';
import type { TaskOutput } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import type { ProvenanceStep } from './write-provenance.ts';

export interface StoreStep extends SubmissionId {
  readonly account: string;
  readonly index: number;
  readonly output: TaskOutput;
  /** What the model promises; `null` where only the result tells. */
  readonly kind: MediaKind | null;
  /** Seconds of output, where the provider stated them. */
  readonly statedSeconds?: number;
  /** Given with the only output of a task whose cost is known: what `job.json` says beside the artifact itself. */
  readonly describe?: Omit<ProvenanceStep, 'artifacts' | 'jobId' | 'number'>;
}

/** Bytes that were hashed and passed the check. */
export interface CheckedBytes {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly facts: MediaFacts;
}

/** Writes what lies at a key, and where it disagrees with the request or with itself. Run twice: the same rows. */
export async function recordArtifact(
  ports: ActivityPorts,
  step: StoreStep,
  key: string,
  checked: CheckedBytes,
): Promise<Artifact> {
  const artifact = toArtifact(step, key, ports.store.urlOf(key), checked);
  await record(ports, step, artifact, checked.facts);
  return artifact;
}

function toArtifact(
  step: StoreStep,
  key: string,
  url: string,
  { sizeBytes, sha256, facts }: CheckedBytes,
): Artifact {
  const { mediaType, width, height, durationSeconds, codec, framesPerSecond, frames } = facts;
  return {
    index: step.index,
    key,
    url,
    sizeBytes,
    sha256,
    mediaType,
    width,
    height,
    durationSeconds,
    codec,
    framesPerSecond,
    frames,
  };
}

async function record(
  ports: ActivityPorts,
  step: StoreStep,
  artifact: Artifact,
  facts: MediaFacts,
): Promise<void> {
  const { ledger, clock } = ports;
  const submission = { jobId: step.jobId, number: step.number };
  await ledger.recordArtifact(submission, artifact, originOf(step.output), toIsoTime(clock()));
  const input = (await ledger.job(step.jobId))?.input;
  const differences = input ? compareWithRequest(input.request, facts, step.statedSeconds) : [];
  const { doubts } = facts;
  const doubtful = doubts.length === 0 ? [] : [{ kind: 'media_doubtful', facts: { doubts } }];
  for (const { kind, facts: told } of [...differences, ...doubtful]) {
    const discrepancy = { ...submission, kind, facts: { index: step.index, ...told } };
    await ledger.recordDiscrepancy(discrepancy, toIsoTime(clock()));
  }
}

/** Where the bytes came from, without path and query: those may be a capability. */
function originOf(output: TaskOutput): string | null {
  return output.source === 'url' ? new URL(output.url).origin : null;
}
