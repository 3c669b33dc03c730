import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second for whoever reads /proc. */
const MS_PER_TICK = 10;
/** Positions after the program's name: utime and stime. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** What a process and all its threads have used so far, in milliseconds, to 10 ms. Linux only. */
export function cpuMs(pid: number): number {
  return parseCpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The same from the text of /proc/<pid>/stat. The program's name stands in parentheses and may hold anything. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  if (Number.isNaN(ticks)) throw new Error('/proc/<pid>/stat holds no CPU times');
  return ticks * MS_PER_TICK;
}
