import type { Phases } from './phases.ts';

/** What one side of the benchmark did. */
export interface Transfer {
  readonly seconds: number;
  /** Hex. Both sides must have had the same bytes. */
  readonly sha256: string;
  /** Of our side. */
  readonly phases?: Phases;
}
