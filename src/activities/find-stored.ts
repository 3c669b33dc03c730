import type { ObjectHead } from '../core/artifact-store.ts';
import type { Artifact } from '../core/job.ts';
import { toArtifactKey } from '../core/keys.ts';
import { hashObject } from '../maintenance/hash-object.ts';
import type { ActivityPorts } from './ports.ts';
import { recordArtifact } from './record-artifact.ts';
import type { CheckedBytes, StoreStep } from './record-artifact.ts';

/** The output, where an earlier attempt has stored it. */
export async function findStored(
  ports: ActivityPorts,
  step: StoreStep,
  signal: AbortSignal,
): Promise<Artifact | undefined> {
  return (await findRecorded(ports, step)) ?? (await findPublished(ports, step, signal));
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
    return await recordArtifact(ports, step, key, found);
  }
  return undefined;
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
