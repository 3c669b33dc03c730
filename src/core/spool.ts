import type { OutcomeRecord, SubmissionId } from './ledger.ts';

/** An outcome that the ledger could not take when it happened. */
export interface SpoolRecord extends SubmissionId {
  /** Where accepted: `source` is what it was; bytes that came inside the reply may still be in the snapshot. */
  readonly outcome: OutcomeRecord;
  /** Of the worker that wrote it, so that an operator knows on which host to look. */
  readonly worker: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface SpooledRecord {
  /** Name of the record in the spool, unique for ever. */
  readonly name: string;
  readonly record: SpoolRecord;
}

/**
 * Records on this host's disk, one file each, sealed where there is a key. Several processes may use one folder.
 *
 * Laws, checked by the spool contract suite:
 * - A record that {@link append} has returned for survives a kill of the process and a loss of power.
 * - A record is whole or not there; what cannot be read is set aside, never dropped, and hides no other record.
 * - {@link remove} removes that record and no other; removing it twice is success.
 */
export interface Spool {
  /** Durable when it returns. `storage.full`, `storage.unavailable`. */
  append(record: SpoolRecord): Promise<void>;
  /** Oldest first. `storage.unavailable`. */
  records(): Promise<readonly SpooledRecord[]>;
  /** `request.invalid` for a name that no record can have. */
  remove(name: string): Promise<void>;
  /** Writes, flushes and removes a file of its own. Throws `storage.*` where a record could not be kept right now. */
  probe(): Promise<void>;
}
