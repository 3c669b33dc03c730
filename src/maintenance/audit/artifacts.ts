import { createHash } from 'node:crypto';
import type { ArtifactStore } from '../../core/artifact-store.ts';
import { isMediaJobError } from '../../core/errors.ts';
import type { Artifact } from '../../core/job.ts';
import type { ByteReader } from '../../core/media.ts';
import type { Findings } from './invariant.ts';
import type { JobRule } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

const CHUNK_BYTES = 1024 * 1024;
const FINAL_KEYS = 'jobs/';

/** I4. What a job's result promises is recorded, in its place, and what it was. */
export const outputsAreWhole: JobRule = {
  invariant: 'I4',
  look: async ({ job, artifacts }, context) => {
    const violations: string[] = [];
    if (job.end === 'succeeded' && artifacts.length === 0) {
      violations.push(`job ${job.jobId} succeeded and no artifact is recorded`);
    }
    const recorded = new Set(artifacts.map(({ key, sha256 }) => `${key} ${sha256}`));
    for (const { key, sha256 } of job.result?.artifacts ?? []) {
      if (recorded.has(`${key} ${sha256}`)) continue;
      violations.push(`job ${job.jobId}: its result names ${key}, which is not recorded so`);
    }
    for (const artifact of artifacts) violations.push(...(await judgeArtifact(artifact, context)));
    return { checked: artifacts.length, violations };
  },
};

async function judgeArtifact(
  artifact: Artifact,
  context: AuditContext,
): Promise<readonly string[]> {
  const { store } = context.ports;
  const { key, sizeBytes } = artifact;
  const head = await store.head(key);
  if (head === undefined) return [`${key} is not in the store`];
  if (head.sizeBytes !== sizeBytes) {
    return [`${key} has ${head.sizeBytes} bytes, and ${sizeBytes} are recorded`];
  }
  return context.isQuick ? [] : await judgeBytes(artifact, store, context);
}

async function judgeBytes(
  { key, sha256 }: Artifact,
  store: Pick<ArtifactStore, 'open'>,
  { ports, signal }: AuditContext,
): Promise<readonly string[]> {
  let reader: ByteReader;
  try {
    reader = await store.open(key);
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'storage.missing') return [error.message];
    throw error;
  }
  try {
    const found = await hash(reader, signal);
    if (found !== sha256) return [`${key} has SHA-256 ${found}, and ${sha256} is recorded`];
    const inspection = await ports.inspectMedia(reader);
    return inspection.outcome === 'whole'
      ? []
      : [`${key} is not one whole media file: ${inspection.found}, ${inspection.detail}`];
  } finally {
    await reader.close();
  }
}

/** Hex. */
async function hash(reader: ByteReader, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  for (let offset = 0; offset < reader.sizeBytes; offset += CHUNK_BYTES) {
    signal.throwIfAborted();
    digest.update(await reader.read(offset, CHUNK_BYTES));
  }
  return digest.digest('hex');
}

/** I4, the other side: nothing lies at a final key that no record names. An open job may be about to record it. */
export async function auditObjects(findings: Findings, context: AuditContext): Promise<void> {
  const { store, ledger } = context.ports;
  for await (const key of store.list(FINAL_KEYS)) {
    context.signal.throwIfAborted();
    findings.count(1);
    const jobId = jobOf(key);
    // In this order: an object is published before it is recorded, and the job ends after that.
    const job = jobId === undefined ? undefined : await ledger.job(jobId);
    if (job !== undefined && job.endedAt === null) continue;
    const recorded = jobId === undefined ? [] : await ledger.artifacts(jobId);
    if (recorded.some((artifact) => artifact.key === key)) continue;
    findings.violate(`${key} is in the store and no record names it`);
  }
}

/** `jobs/<jobId>/<number>/<index>.<extension>`: a batch's job has a slash in its id. */
function jobOf(key: string): string | undefined {
  return /^jobs\/(?<jobId>.+)\/\d+\/\d+\.[^/]+$/.exec(key)?.groups?.['jobId'];
}
