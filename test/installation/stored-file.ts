import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../../src/core/job.ts';

/** What lies at an artifact's address, measured anew. */
export async function measureFile(
  artifact: Artifact,
): Promise<Pick<Artifact, 'sizeBytes' | 'sha256'>> {
  const bytes = await readFile(fileURLToPath(artifact.url));
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}
