import type { Artifact, Cost, MediaRequest } from './job.ts';

/**
 * What `job.json` beside a job's artifacts says: where they came from, and what they cost. Wire format, version 1; a new
 * field is no new version.
 */
export interface Provenance {
  readonly version: 1;
  readonly jobId: string;
  /** Number of the submission that made the artifacts. */
  readonly submission: number;
  /** Hex SHA-256 of the canonical request. */
  readonly requestHash: string;
  /** What was asked for; a text that only `pollux` can open where the installation encrypts. */
  readonly request: MediaRequest | { readonly sealed: string } | null;
  readonly account: string;
  readonly provider: string;
  readonly model: string;
  readonly taskId: string;
  readonly tenant: string | null;
  readonly batch: string | null;
  /** ISO 8601, by our clock. */
  readonly createdAt: string;
  readonly submittedAt: string;
  readonly storedAt: string;
  readonly artifacts: readonly ProvenanceArtifact[];
  /** `null` where the model has no price. */
  readonly cost: Cost | null;
}

/** An artifact, by the name of its file beside `job.json`. */
export interface ProvenanceArtifact extends Omit<Artifact, 'key'> {
  readonly file: string;
}

/** The artifact as the file beside it names it. */
export function toProvenanceArtifact(artifact: Artifact): ProvenanceArtifact {
  const { key, ...facts } = artifact;
  return { file: key.slice(key.lastIndexOf('/') + 1), ...facts };
}
