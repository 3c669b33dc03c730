import type { Violation } from './check.ts';
import type { World } from './world.ts';

/** What a run over many worlds comes to. */
export class Tally {
  #jobs = 0;
  readonly #ends = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  /** By where the ids of accepted submissions came from. */
  readonly #sources = new Map<string, number>();
  readonly #recoveriesMs: number[] = [];
  readonly #violations: { readonly seed: number; readonly violation: Violation }[] = [];
  #unknown = 0;
  #resolved = 0;
  #held = 0;
  #accepted = 0;

  get violations(): readonly string[] {
    return this.#violations.map(
      ({ seed, violation: { invariant, what } }) => `world ${seed}: ${invariant} ${what}`,
    );
  }

  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  get jobs(): number {
    return this.#jobs;
  }

  get sources(): ReadonlyMap<string, number> {
    return this.#sources;
  }

  count(...invariants: readonly string[]): number {
    return this.#violations.filter(({ violation }) => invariants.includes(violation.invariant))
      .length;
  }

  add(seed: number, world: World, violations: readonly Violation[]): void {
    this.#jobs += world.options.jobs.length;
    for (const violation of violations) this.#violations.push({ seed, violation });
    for (const [fault, times] of world.faultsSeen) {
      this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + times);
    }
    for (const { source } of world.book.allSubmissions()) {
      if (source !== null) this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1);
    }
    for (const service of world.services.values()) this.#accepted += service.creates.length;
    for (const { jobId } of world.options.jobs) {
      const end = world.book.jobs.get(jobId)?.end ?? world.stateOf(jobId)?.status ?? 'unopened';
      this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1);
      if (end === 'held') this.#held += 1;
    }
    this.#addRecoveries(world);
  }

  report(): string {
    const sorted = [...this.#recoveriesMs].sort((left, right) => left - right);
    const atShare = (share: number): string => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      return value === undefined ? 'none' : `${(value / 1000).toFixed(1)} s`;
    };
    const injected = [...this.#faults.values()].reduce((sum, times) => sum + times, 0);
    return [
      `jobs ${this.#jobs} (${toText(this.#ends)}), creates accepted ${this.#accepted}`,
      `tasks told by ${toText(this.#sources)}`,
      `faults and messages ${injected}: ${toText(this.#faults)}`,
      `duplicates ${this.count('I1')}, lost or misbound ${this.count('I2')}, other violations ${this.count('I3', 'I4', 'I5', 'I6', 'code')}`,
      `unknown submissions ${this.#unknown}: resolved ${this.#resolved}; jobs held ${this.#held}`,
      `virtual time from arming to the outcome of a submission that was unknown: p50 ${atShare(0.5)}, p99 ${atShare(0.99)}`,
    ].join('\n');
  }

  #addRecoveries(world: World): void {
    const unknown = new Map<string, number>();
    for (const { jobId, number, atMs, from, to } of world.book.transitions) {
      const key = `${jobId}#${number}`;
      const armedAtMs = to.armedAt === null ? atMs : Date.parse(to.armedAt);
      if (to.state === 'unknown' && from?.state !== 'unknown') {
        this.#unknown += 1;
        unknown.set(key, armedAtMs);
      }
      if (from?.state !== 'unknown' || to.state === 'unknown') continue;
      const since = unknown.get(key);
      if (since === undefined) continue;
      this.#resolved += 1;
      this.#recoveriesMs.push(atMs - since);
      unknown.delete(key);
    }
  }
}

function toText(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');
}
