import type { TemporaryObject } from '../core/artifact-store.ts';
import { isMediaJobError, ProviderError } from '../core/errors.ts';
import type { Artifact } from '../core/job.ts';
import { toArtifactKey } from '../core/keys.ts';
import type { ByteReader, MediaBytes, MediaFacts } from '../core/media.ts';
import { requireAccount } from './account-of.ts';
import { findStored } from './find-stored.ts';
import type { ActivityPorts } from './ports.ts';
import { Reception } from './reception.ts';
import { recordArtifact } from './record-artifact.ts';
import type { CheckedBytes, StoreStep } from './record-artifact.ts';
import { countCrashes, ProgressReport } from './transfer-progress.ts';
import type { TransferAttempt } from './transfer-progress.ts';
import { writeProvenance } from './write-provenance.ts';

/** What became of one output. */
export type Transferred =
  | {
      readonly kind: 'stored';
      readonly artifact: Artifact;
      /** True where `job.json` lies beside it. */
      readonly isDescribed: boolean;
    }
  /** Every attempt so far took its worker down: a person has to look before the next one. */
  | { readonly kind: 'crashing'; readonly attempts: number };

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
): Promise<Transferred> {
  const crashes = countCrashes(attempt);
  if (crashes >= MAX_CRASHES) return { kind: 'crashing', attempts: crashes };
  const report = new ProgressReport(attempt);
  try {
    const stored = await findStored(ports, step, attempt.signal);
    const artifact = stored ?? (await fetchAndPublish(ports, step, attempt, report));
    return { kind: 'stored', artifact, isDescribed: await describe(ports, step, artifact) };
  } catch (error) {
    report.fail();
    throw error;
  } finally {
    report.stop();
  }
}

/** The file is safe: what cannot be said of it now is said later, and repeats no transfer. */
async function describe(
  ports: ActivityPorts,
  { jobId, number, describe: facts }: StoreStep,
  artifact: Artifact,
): Promise<boolean> {
  if (facts === undefined) return false;
  try {
    await writeProvenance(ports, { ...facts, jobId, number, artifacts: [artifact] });
    return true;
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    return false;
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
  await ports.store.publish(temporary, key, {
    mediaType: facts.mediaType,
    metadata: { job: step.jobId, submission: String(step.number) },
  });
  const artifact = await recordArtifact(ports, step, key, checked);
  if (step.output.source === 'staged') await ports.store.remove(step.output.key);
  return artifact;
}
