import type { ArtifactStore } from '../core/artifact-store.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { Artifact } from '../core/job.ts';
import type { ByteReader, InspectMedia } from '../core/media.ts';
import { hashObject } from './hash-object.ts';

/** What a recorded artifact is now. `detail` is a sentence for a person that names the key. */
export type ArtifactVerdict =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'missing' | 'changed' | 'not_whole'; readonly detail: string };

export interface VerifyPorts {
  readonly store: Pick<ArtifactStore, 'head' | 'open'>;
  readonly inspectMedia: InspectMedia;
}

export interface VerifyOptions {
  /** The object is not read, only its size compared, and its hash where the store keeps one beside it. */
  readonly isQuick: boolean;
  readonly signal: AbortSignal;
  /** Told how many bytes were read since the last call. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Compares the object of a recorded artifact with its record and looks at its structure. Changes nothing.
 * Throws `storage.unavailable` where the store does not answer.
 */
export async function verifyArtifact(
  artifact: Artifact,
  ports: VerifyPorts,
  options: VerifyOptions,
): Promise<ArtifactVerdict> {
  const { key, sizeBytes, sha256 } = artifact;
  const head = await ports.store.head(key);
  if (head === undefined) return { outcome: 'missing', detail: `${key} is not in the store` };
  if (head.sizeBytes !== sizeBytes) {
    return changed(`${key} has ${head.sizeBytes} bytes, and ${sizeBytes} are recorded`);
  }
  if (!options.isQuick) return await verifyBytes(artifact, ports, options);
  return head.sha256 === undefined || head.sha256 === sha256
    ? { outcome: 'ok' }
    : otherHash(artifact, head.sha256);
}

async function verifyBytes(
  artifact: Artifact,
  { store, inspectMedia }: VerifyPorts,
  options: VerifyOptions,
): Promise<ArtifactVerdict> {
  const { key, sha256 } = artifact;
  let reader: ByteReader;
  try {
    reader = await store.open(key);
  } catch (error) {
    if (!isMediaJobError(error) || error.code !== 'storage.missing') throw error;
    return { outcome: 'missing', detail: error.message };
  }
  try {
    const found = await hashObject(counted(reader, options), options.signal);
    if (found !== sha256) return otherHash(artifact, found);
    const inspection = await inspectMedia(reader, options.signal);
    if (inspection.outcome === 'whole') return { outcome: 'ok' };
    const what = `${inspection.found}, ${inspection.detail}`;
    return { outcome: 'not_whole', detail: `${key} is not one whole media file: ${what}` };
  } finally {
    await reader.close();
  }
}

/** The same bytes, counted as they are read. */
function counted(reader: ByteReader, { onRead }: VerifyOptions): ByteReader {
  if (onRead === undefined) return reader;
  return {
    sizeBytes: reader.sizeBytes,
    read: async (offset, length) => {
      const bytes = await reader.read(offset, length);
      onRead(bytes.length);
      return bytes;
    },
    close: () => reader.close(),
  };
}

function otherHash({ key, sha256 }: Artifact, found: string): ArtifactVerdict {
  return changed(`${key} has SHA-256 ${found}, and ${sha256} is recorded`);
}

function changed(detail: string): ArtifactVerdict {
  return { outcome: 'changed', detail };
}
