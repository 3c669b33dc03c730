import { readFileSync, writeFileSync } from 'node:fs';
import { MIB } from './sizes.ts';

const SAMPLE_MS = 20;
/** To /proc/<pid>/clear_refs: the peak begins anew at what is resident now. */
const RESET_PEAK = '5';

/** Watches how much memory a process of ours has resident. Linux only. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  /** Where the kernel keeps the peak, nothing between two samples is missed. */
  readonly #isPeakKept: boolean;
  #peakMib: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#peakMib = readMib(pid, 'VmRSS');
    this.#isPeakKept = resetPeak(pid);
    this.#timer = setInterval(() => this.#sampleWhileItRuns(), SAMPLE_MS);
  }

  /** The most that was resident so far, in MiB. */
  get peakMib(): number {
    return this.#peakMib;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sampleWhileItRuns();
  }

  /** Where a run is interrupted, the process may end before its watch. */
  #sampleWhileItRuns(): void {
    try {
      this.#sample();
    } catch {
      clearInterval(this.#timer);
    }
  }

  #sample(): void {
    const residentNow = readMib(this.#pid, this.#isPeakKept ? 'VmHWM' : 'VmRSS');
    this.#peakMib = Math.max(this.#peakMib, residentNow);
  }
}

function resetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
    return true;
  } catch {
    return false;
  }
}

/** What a process has resident now, in MiB. */
export function residentMib(pid: number): number {
  return readMib(pid, 'VmRSS');
}

function readMib(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
  return (Number(kib) * 1024) / MIB;
}
