import type { ByteReader, MediaBytes, MediaFacts } from '../core/media.ts';
import type { ObjectHead, TemporaryObject } from '../core/artifact-store.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError, ProviderError } from '../core/errors.ts';
import type { Artifact, MediaKind } from '../core/job.ts';
import { toArtifactKey } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { compareWithRequest } from '../core/media-match.ts';
import type { TaskOutput } from '../core/provider.ts';
import { hashObject } from '../maintenance/hash-object.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';
import { Reception } from './reception.ts';
import { countCrashes, ProgressReport } from './transfer-progress.ts';
import type { TransferAttempt } from './transfer-progress.ts';

export interface StoreStep extends SubmissionId {
  readonly account: string;
  readonly index: number;
  readonly output: TaskOutput;
  /** What the model promises; `null` where only the result tells. */
  readonly kind: MediaKind | null;
  /** Seconds of output, where the provider stated them. */
  readonly statedSeconds?: number;
}

/** Every attempt so far took its worker down: a person has to look before the next one. */
export interface Crashing {
  readonly kind: 'crashing';
  readonly attempts: number;
}

/** No result of these APIs comes near it. */
const MAX_OUTPUT_BYTES = 2 * 1024 ** 3;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
const COPY_CHUNK_BYTES = 1024 * 1024;
const MAX_CRASHES = 5;

/**
 * Fetches one output into a temporary place, checks that its bytes are one whole media file of the promised kind,
 * publishes it and records it. Where the file disagrees with the request, or with itself, a discrepancy says so.
 *
 * Run twice: an output that is in its place is returned as it is, recorded or not; otherwise the transfer goes on from
 * what an earlier attempt left on this machine, or starts again. Throws `provider.output_expired`,
 * `provider.output_invalid`, `provider.output_forbidden`, `provider.unavailable`, `storage.*`, `ledger.unavailable`.
 */
export async function storeArtifact(
  ports: ActivityPorts,
  step: StoreStep,
  attempt: TransferAttempt,
): Promise<Artifact | Crashing> {
  const crashes = countCrashes(attempt);
  if (crashes >= MAX_CRASHES) return { kind: 'crashing', attempts: crashes };
  const report = new ProgressReport(attempt);
  try {
    return (
      (await findRecorded(ports, step)) ??
      (await findPublished(ports, step, attempt.signal)) ??
      (await fetchAndPublish(ports, step, attempt, report))
    );
  } catch (error) {
    report.fail();
    throw error;
  } finally {
    report.stop();
  }
}

async function findRecorded(ports: ActivityPorts, step: StoreStep): Promise<Artifact | undefined> {
  const recorded = await ports.ledger.artifacts(step.jobId);
  const prefix = toArtifactKey(step.jobId, step.number, step.index, '');
  const artifact = recorded.find((candidate) => candidate.key.startsWith(prefix));
  if (artifact === undefined) return undefined;
  const head = await ports.store.head(artifact.key);
  return head?.sizeBytes === artifact.sizeBytes ? artifact : undefined;
}

/** An attempt that died between publishing and recording has left the file where it belongs; its URL may be dead by now. */
async function findPublished(
  ports: ActivityPorts,
  step: StoreStep,
  signal: AbortSignal,
): Promise<Artifact | undefined> {
  const prefix = toArtifactKey(step.jobId, step.number, step.index, '');
  for await (const key of ports.store.list(prefix)) {
    const head = await ports.store.head(key);
    const found = head === undefined ? undefined : await look(ports, key, head, signal);
    if (found === undefined) continue;
    const artifact = toArtifact(step, key, ports.store.urlOf(key), found);
    await record(ports, step, artifact, found.facts);
    return artifact;
  }
  return undefined;
}

interface CheckedBytes {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly facts: MediaFacts;
}

async function look(
  ports: ActivityPorts,
  key: string,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<CheckedBytes | undefined> {
  const reader = await ports.store.open(key);
  try {
    const inspection = await ports.inspectMedia(reader, signal);
    if (inspection.outcome === 'broken') return undefined;
    const sha256 = head.sha256 ?? (await hashObject(reader, signal));
    return { sizeBytes: reader.sizeBytes, sha256, facts: inspection.facts };
  } finally {
    await reader.close();
  }
}

async function fetchAndPublish(
  ports: ActivityPorts,
  step: StoreStep,
  { previous, signal }: TransferAttempt,
  report: ProgressReport,
): Promise<Artifact> {
  const temporaryKey = toArtifactKey(step.jobId, step.number, step.index, 'part');
  const reception = await Reception.open(
    ports.store,
    temporaryKey,
    report,
    previous?.resume ?? null,
  );
  try {
    await receive(ports, step, reception, signal);
  } catch (error) {
    const mayGoOn =
      signal.aborted || (isMediaJobError(error) && error.code === 'provider.unavailable');
    await (mayGoOn ? reception.leave() : reception.discard());
    throw error;
  }
  try {
    const checked = await check(ports, step, reception, report, signal);
    report.update({ phase: 'publishing' });
    return await publish(ports, step, reception.temporary, checked);
  } finally {
    await reception.discard();
  }
}

async function receive(
  ports: ActivityPorts,
  step: StoreStep,
  reception: Reception,
  signal: AbortSignal,
): Promise<void> {
  const { output } = step;
  if (output.source === 'staged') {
    await copy(await ports.store.open(output.key), reception);
    return;
  }
  if (output.source === 'inline') {
    await reception.write(Buffer.from(output.base64, 'base64'));
    return;
  }
  const { account } = requireAccount(ports, step.account);
  const { position } = reception;
  const options = {
    signal,
    maxBytes: MAX_OUTPUT_BYTES,
    timeoutMs: TRANSFER_TIMEOUT_MS,
    allowPrivateHosts: account.allowPrivateHosts,
    ...(position === undefined ? {} : { resume: position }),
  };
  await ports.fetcher.fetch(output.url, options, reception);
}

async function copy(source: ByteReader, reception: Reception): Promise<void> {
  try {
    for (let offset = 0; offset < source.sizeBytes; offset += COPY_CHUNK_BYTES) {
      await reception.write(await source.read(offset, COPY_CHUNK_BYTES));
    }
  } finally {
    await source.close();
  }
}

async function check(
  ports: ActivityPorts,
  step: StoreStep,
  reception: Reception,
  report: ProgressReport,
  signal: AbortSignal,
): Promise<CheckedBytes> {
  report.update({ phase: 'checking' });
  const { sizeBytes, sha256 } = await reception.temporary.finish();
  try {
    const facts = await requireWholeMedia(ports, step, reception.temporary, signal);
    return { sizeBytes, sha256, facts };
  } catch (error) {
    // Two halves may not fit, whatever their host said of them: only a file from one piece is judged for good.
    if (reception.position === undefined || !isInvalid(error)) throw error;
    throw new ProviderError(
      'provider.unavailable',
      `output ${step.index} of job ${step.jobId} was resumed and is not whole; it is fetched again from its start`,
      { details: { index: step.index }, cause: error },
    );
  }
}

function isInvalid(error: unknown): boolean {
  return isMediaJobError(error) && error.code === 'provider.output_invalid';
}

async function requireWholeMedia(
  ports: ActivityPorts,
  step: StoreStep,
  bytes: MediaBytes,
  signal: AbortSignal,
): Promise<MediaFacts> {
  const inspection = await ports.inspectMedia(bytes, signal);
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

async function publish(
  ports: ActivityPorts,
  step: StoreStep,
  temporary: TemporaryObject,
  checked: CheckedBytes,
): Promise<Artifact> {
  const { facts } = checked;
  const key = toArtifactKey(step.jobId, step.number, step.index, facts.extension);
  const { url } = await ports.store.publish(temporary, key, {
    mediaType: facts.mediaType,
    metadata: { job: step.jobId, submission: String(step.number) },
  });
  const artifact = toArtifact(step, key, url, checked);
  await record(ports, step, artifact, facts);
  if (step.output.source === 'staged') await ports.store.remove(step.output.key);
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
