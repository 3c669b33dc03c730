import { isMediaJobError } from '../../core/errors.ts';
import type { Bounded } from '../bounded.ts';
import { toBounded } from '../bounded.ts';

/** What an audit proves, in the order of its lines. */
export const INVARIANTS = {
  I1: 'no job was bought twice without a decision',
  I2: 'every create that may have been accepted is accounted for',
  I3: 'every open job runs, before its deadline or held',
  I4: 'every recorded artifact is in its place, whole, and nothing else is',
  I5: 'every task is charged at most once and the sums agree',
  I6: 'ends are final and agree',
  I7: 'no secret lies in ledger, spool or history',
  I8: 'every end was read from the provider',
  I9: 'readings, histories and submissions are bounded',
  I10: 'histories replay with this release',
} as const;

export type InvariantId = keyof typeof INVARIANTS;

/** One line of an audit. JSON-plain. */
export interface AuditLine {
  readonly invariant: InvariantId;
  readonly title: string;
  /** `not_checked`: a dependency is away, `note` says which; what was seen broke nothing. */
  readonly verdict: 'holds' | 'violated' | 'not_checked';
  /** How many jobs, objects, rows or histories were looked at. */
  readonly checked: number;
  readonly violations: Bounded<string>;
  readonly note?: string;
}

/** Collects what one invariant's checks find. */
export class Findings {
  readonly #invariant: InvariantId;
  readonly #violations: string[] = [];
  readonly #notes = new Set<string>();
  #checked = 0;
  #isIncomplete = false;

  constructor(invariant: InvariantId) {
    this.#invariant = invariant;
  }

  /** True once something could not be checked: trying the next item would meet the same. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  count(checked: number): void {
    this.#checked += checked;
  }

  violate(...violations: readonly string[]): void {
    this.#violations.push(...violations);
  }

  note(note: string): void {
    this.#notes.add(note);
  }

  /** Something is away, or unreadable in a way that no check expects: an audit says so and goes on. */
  leaveOut(error: unknown): void {
    this.#isIncomplete = true;
    this.#notes.add(reasonOf(error));
  }

  toLine(): AuditLine {
    const isViolated = this.#violations.length > 0;
    return {
      invariant: this.#invariant,
      title: INVARIANTS[this.#invariant],
      verdict: isViolated ? 'violated' : this.#isIncomplete ? 'not_checked' : 'holds',
      checked: this.#checked,
      violations: toBounded(this.#violations),
      ...(this.#notes.size === 0 ? {} : { note: [...this.#notes].join('; ') }),
    };
  }
}

function reasonOf(error: unknown): string {
  if (isMediaJobError(error)) return `${error.code}: ${error.message}`;
  const isError = typeof error === 'object' && error !== null && 'message' in error;
  return `it could not be checked: ${isError ? String(error.message) : String(error)}`;
}
