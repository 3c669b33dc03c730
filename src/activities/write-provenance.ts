import { toIsoTime } from '../core/clock.ts';
import { LedgerError } from '../core/errors.ts';
import type { Cost, MediaRequest } from '../core/job.ts';
import { toProvenanceKey } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { toProvenanceArtifact } from '../core/provenance.ts';
import type { Provenance } from '../core/provenance.ts';
import type { ActivityPorts } from './ports.ts';

export interface ProvenanceStep extends SubmissionId {
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
  const provenance = await collect(ports, step);
  const temporary = await store.openTemporary(key);
  try {
    await temporary.write(Buffer.from(`${JSON.stringify(provenance, null, 2)}\n`));
    await temporary.finish();
    await store.publish(temporary, key, { mediaType: 'application/json', metadata: {} });
  } finally {
    await temporary.discard();
  }
}

async function collect(
  { ledger, sealer, clock }: ActivityPorts,
  { jobId, number, cost }: ProvenanceStep,
): Promise<Provenance> {
  const job = await ledger.job(jobId);
  const submission = (await ledger.submissions(jobId)).find((one) => one.number === number);
  if (job === undefined || submission === undefined) {
    throw new LedgerError(
      'ledger.conflict',
      `submission ${number} of job ${jobId} is not recorded`,
    );
  }
  const prefix = toProvenanceKey(jobId, number).replace(/[^/]*$/, '');
  const artifacts = (await ledger.artifacts(jobId)).filter(({ key }) => key.startsWith(prefix));
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
    taskId: submission.taskId,
    tenant,
    batch,
    createdAt,
    submittedAt: submission.armedAt,
    storedAt: toIsoTime(clock()),
    artifacts: artifacts.map(toProvenanceArtifact),
    cost,
  };
}
