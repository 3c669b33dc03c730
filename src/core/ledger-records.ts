import type { Money } from './money.ts';

export interface SubmissionId {
  readonly jobId: string;
  /** From 1. */
  readonly number: number;
}

export type EntryKind = 'reserve' | 'charge' | 'release' | 'unknown' | 'adjust';

export interface EntryRecord extends SubmissionId, Money {
  readonly kind: EntryKind;
  readonly sequence: number;
  readonly basis: string;
  readonly priceSource: string;
  /** True where the amount is an upper bound that one `adjust` will follow. */
  readonly estimated: boolean;
  readonly at: string;
}
