import { toIsoTime } from '../core/clock.ts';
import { LedgerError } from '../core/errors.ts';
import type { Artifact, Cost, MediaRequest } from '../core/job.ts';
import { toProvenanceKey } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { toProvenanceArtifact } from '../core/provenance.ts';
import type { Provenance } from '../core/provenance.ts';
import type { ActivityPorts } from './ports.ts';
import { publishBytes } from './publish-bytes.ts';

export interface ProvenanceStep extends SubmissionId {
  readonly taskId: string;
  /** Milliseconds since 1970. */
  readonly armedAtMs: number;
  readonly artifacts: readonly Artifact[];
  readonly cost: Cost | null;
}

/**
 * Writes `job.json` beside a job's artifacts. Run twice: what was written first stands.
 * Throws `storage.*`, `ledger.unavailable`.
 */
export async function writeProvenance(ports: ActivityPorts, step: ProvenanceStep): Promise<void> {
  const { store } = ports;
  const key = toProvenanceKey(step.jobId, step.number);
  if ((await store.head(key)) !== undefined) return;
  const provenance = await describe(ports, step);
  const bytes = Buffer.from(`${JSON.stringify(provenance, null, 2)}\n`);
  await publishBytes(store, key, bytes, { mediaType: 'application/json', metadata: {} });
}

async function describe(
  { ledger, sealer, clock }: ActivityPorts,
  { jobId, number, taskId, armedAtMs, artifacts, cost }: ProvenanceStep,
): Promise<Provenance> {
  const job = await ledger.job(jobId);
  if (job === undefined) {
    throw new LedgerError('ledger.conflict', `job ${jobId} is not in the ledger`);
  }
  const { requestHash, account, provider, model, tenant, batch, createdAt, input } = job;
  const seal = (request: MediaRequest): Provenance['request'] =>
    sealer.isSealing ? { sealed: sealer.seal(JSON.stringify(request)) } : request;
  return {
    version: 1,
    jobId,
    submission: number,
    requestHash,
    request: input === null ? null : seal(input.request),
    account,
    provider,
    model,
    taskId,
    tenant,
    batch,
    createdAt,
    submittedAt: toIsoTime(armedAtMs),
    storedAt: toIsoTime(clock()),
    artifacts: artifacts.map(toProvenanceArtifact),
    cost,
  };
}
