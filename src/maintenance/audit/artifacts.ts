import type { Artifact } from '../../core/job.ts';
import { splitArtifactKey, toProvenanceKey } from '../../core/keys.ts';
import { verifyArtifact } from '../verify-artifact.ts';
import type { Findings } from './invariant.ts';
import type { JobRule } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

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

/** One line where the object is not what was recorded. */
async function judgeArtifact(
  artifact: Artifact,
  { ports, isQuick, signal }: AuditContext,
): Promise<readonly string[]> {
  const verdict = await verifyArtifact(artifact, ports, { isQuick, signal });
  return verdict.outcome === 'ok' ? [] : [verdict.detail];
}

/** I4, the other side: nothing lies at a final key that no record names. An open job may be about to record it. */
export async function auditObjects(findings: Findings, context: AuditContext): Promise<void> {
  const { store, ledger } = context.ports;
  for await (const key of store.list(FINAL_KEYS)) {
    context.signal.throwIfAborted();
    findings.count(1);
    const jobId = splitArtifactKey(key)?.jobId;
    // In this order: an object is published before it is recorded, and the job ends after that.
    const job = jobId === undefined ? undefined : await ledger.job(jobId);
    if (job !== undefined && job.endedAt === null) continue;
    const recorded = jobId === undefined ? [] : await ledger.artifacts(jobId);
    if (recorded.some((artifact) => accountsFor(artifact, key))) continue;
    findings.violate(`${key} is in the store and no record names it`);
  }
}

/** An artifact accounts for its own object, and for the provenance beside it. */
function accountsFor(artifact: Artifact, key: string): boolean {
  if (artifact.key === key) return true;
  const submission = splitArtifactKey(artifact.key);
  return submission !== undefined && key === toProvenanceKey(submission.jobId, submission.number);
}
