import { toStagingKey } from '../core/keys.ts';
import type { Snapshot, TaskOutput } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import { publishBytes } from './publish-bytes.ts';

/**
 * Moves bytes that came inside a reply to staging objects, so that heartbeat, history and ledger carry names only.
 * Run twice: the same bytes are found at the same keys.
 */
export async function stageInline(
  ports: Pick<ActivityPorts, 'store'>,
  jobId: string,
  number: number,
  snapshot: Snapshot,
): Promise<Snapshot> {
  if (snapshot.outputs === undefined) return snapshot;
  const outputs: TaskOutput[] = [];
  for (const [index, output] of snapshot.outputs.entries()) {
    if (output.source !== 'inline') {
      outputs.push(output);
      continue;
    }
    const key = toStagingKey(jobId, number, index);
    await publishBytes(ports.store, key, Buffer.from(output.base64, 'base64'));
    outputs.push({ source: 'staged', key, kind: output.kind });
  }
  return { ...snapshot, outputs };
}
