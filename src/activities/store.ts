import type { ByteReader, MediaFacts } from '../core/media.ts';
import type { TemporaryObject } from '../core/artifact-store.ts';
import { toIsoTime } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import type { Artifact, MediaKind } from '../core/job.ts';
import { toArtifactKey } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { TaskOutput } from '../core/provider.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';

export interface StoreStep extends SubmissionId {
  readonly account: string;
  readonly index: number;
  readonly output: TaskOutput;
  /** What the model promises; `null` where only the result tells. */
  readonly kind: MediaKind | null;
}

/** Shown in the pending activity during the transfer. */
export interface StoreProgress {
  readonly bytes: number;
}

/** No result of these APIs comes near it. */
const MAX_OUTPUT_BYTES = 2 * 1024 ** 3;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
const COPY_CHUNK_BYTES = 1024 * 1024;

/**
 * Fetches one output into a temporary place, checks that its bytes are one whole media file of the promised kind,
 * publishes it and records it.
 *
 * Run twice: an output that is recorded and in its place is returned as it is; otherwise it is fetched again, and the
 * same bytes at the key are success. Throws `provider.output_expired`, `provider.output_invalid`,
 * `provider.output_forbidden`, `provider.unavailable`, `storage.*`, `ledger.unavailable`.
 */
export async function storeArtifact(
  ports: ActivityPorts,
  step: StoreStep,
  heartbeat: (progress: StoreProgress) => void,
  signal: AbortSignal,
): Promise<Artifact> {
  const stored = await findStored(ports, step);
  if (stored !== undefined) return stored;

  const temporary = await ports.store.openTemporary(
    toArtifactKey(step.jobId, step.number, step.index, 'part'),
  );
  try {
    await transfer(ports, step, temporary, heartbeat, signal);
    const { sizeBytes, sha256 } = await temporary.finish();
    const facts = await requireWholeMedia(ports, step, temporary);
    const key = toArtifactKey(step.jobId, step.number, step.index, facts.extension);
    const published = await ports.store.publish(temporary, key);
    const artifact: Artifact = {
      index: step.index,
      key,
      url: published.url,
      sizeBytes,
      sha256,
      mediaType: facts.mediaType,
      width: facts.width,
      height: facts.height,
      durationSeconds: facts.durationSeconds,
    };
    await ports.ledger.recordArtifact(
      step,
      artifact,
      originOf(step.output),
      toIsoTime(ports.clock()),
    );
    if (step.output.source === 'staged') await ports.store.remove(step.output.key);
    return artifact;
  } finally {
    await temporary.discard();
  }
}

async function findStored(ports: ActivityPorts, step: StoreStep): Promise<Artifact | undefined> {
  const recorded = await ports.ledger.artifacts(step.jobId);
  const prefix = toArtifactKey(step.jobId, step.number, step.index, '');
  const artifact = recorded.find((candidate) => candidate.key.startsWith(prefix));
  if (artifact === undefined) return undefined;
  const head = await ports.store.head(artifact.key);
  return head?.sizeBytes === artifact.sizeBytes ? artifact : undefined;
}

async function transfer(
  ports: ActivityPorts,
  step: StoreStep,
  temporary: TemporaryObject,
  heartbeat: (progress: StoreProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  let bytes = 0;
  const sink = async (chunk: Uint8Array): Promise<void> => {
    await temporary.write(chunk);
    bytes += chunk.byteLength;
    heartbeat({ bytes });
  };
  heartbeat({ bytes });
  if (step.output.source === 'staged') {
    await copy(await ports.store.open(step.output.key), sink);
    return;
  }
  if (step.output.source === 'inline') {
    await sink(Buffer.from(step.output.base64, 'base64'));
    return;
  }
  const { account } = requireAccount(ports, step.account);
  await ports.fetcher.fetch(
    step.output.url,
    {
      signal,
      maxBytes: MAX_OUTPUT_BYTES,
      timeoutMs: TRANSFER_TIMEOUT_MS,
      allowPrivateHosts: account.allowPrivateHosts,
    },
    sink,
  );
}

async function copy(source: ByteReader, sink: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  try {
    for (let offset = 0; offset < source.sizeBytes; offset += COPY_CHUNK_BYTES) {
      await sink(await source.read(offset, COPY_CHUNK_BYTES));
    }
  } finally {
    await source.close();
  }
}

async function requireWholeMedia(
  ports: ActivityPorts,
  step: StoreStep,
  bytes: ByteReader,
): Promise<MediaFacts> {
  const inspection = await ports.inspectMedia(bytes);
  if (inspection.outcome === 'broken') {
    throw invalid(step, inspection.found, inspection.detail);
  }
  const promised = step.output.kind ?? step.kind;
  if (promised !== null && inspection.facts.kind !== promised) {
    throw invalid(step, inspection.facts.mediaType, `${promised} was promised`);
  }
  return inspection.facts;
}

function invalid(step: StoreStep, found: string, detail: string): ProviderError {
  return new ProviderError(
    'provider.output_invalid',
    `output ${step.index} of job ${step.jobId} is not the media that was promised: ${found}, ${detail}`,
    { details: { found, index: step.index } },
  );
}

/** Where the bytes came from, without path and query: those may be a capability. */
function originOf(output: TaskOutput): string | null {
  return output.source === 'url' ? new URL(output.url).origin : null;
}
