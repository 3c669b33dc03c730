import { median } from '../figures.ts';
import { residentMib } from '../memory.ts';

const SAMPLE_MS = 250;
const QUARTER = 0.25;

/** MiB that a process has resident in the first and in the last quarter of its work: medians, so that a spike is none. */
export interface Quarters {
  readonly firstMib: number;
  readonly lastMib: number;
}

/** Samples a process while `work` runs. */
export async function watchResident<Result>(
  pid: number,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly quarters: Quarters }> {
  const samples: number[] = [residentMib(pid)];
  const timer = setInterval(() => samples.push(residentMib(pid)), SAMPLE_MS);
  const result = await work().finally(() => clearInterval(timer));
  samples.push(residentMib(pid));
  return { result, quarters: toQuarters(samples) };
}

/** Samples are taken at equal intervals, in the order of their time. */
export function toQuarters(samples: readonly number[]): Quarters {
  const length = Math.ceil(samples.length * QUARTER);
  return {
    firstMib: median(samples.slice(0, length)),
    lastMib: median(samples.slice(-length)),
  };
}
