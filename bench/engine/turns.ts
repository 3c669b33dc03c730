import type { Bound, Report } from '../figures.ts';
import { median } from '../figures.ts';
import type { Run } from './run-jobs.ts';
import type { SideName } from './sides.ts';
import { SIDE_NAMES } from './sides.ts';

/** Every side once, one right after the other. */
export type Turn = Readonly<Record<SideName, Run>>;

/** What ours must reach of the throughput of the others. */
const LEAST_RATIOS: Readonly<Record<Exclude<SideName, 'ours'>, number>> = { loop: 2, floor: 0.3 };

/** Whoever goes first may find the machine in a better state, so the first changes. */
export function orderOfTurn(turn: number): readonly SideName[] {
  const first = turn % SIDE_NAMES.length;
  return [...SIDE_NAMES.slice(first), ...SIDE_NAMES.slice(0, first)];
}

/** Adds the medians of all turns, and the ratios with their bounds. */
export function reportTurns(turns: readonly Turn[], report: Report): void {
  const middle = (pick: (turn: Turn) => number): number => median(turns.map(pick));
  const add = (name: string, value: number, unit: string, bound?: Bound): void =>
    report.add({ name: `engine.${name}`, value, unit }, bound);
  for (const side of SIDE_NAMES) {
    const of = (name: keyof Run): number => middle((turn) => turn[side][name]);
    add(`${side}.jobs_per_second`, of('jobsPerSecond'), 'jobs/s');
    add(`${side}.worker_cpu`, of('workerCpuMs'), 'ms');
    add(`${side}.server_cpu`, of('serverCpuMs'), 'ms');
  }
  for (const side of ['loop', 'floor'] as const) {
    const ratio = middle((turn) => turn.ours.jobsPerSecond / turn[side].jobsPerSecond);
    add(`ours_over_${side}`, ratio, '', { kind: 'at least', value: LEAST_RATIOS[side] });
  }
}
