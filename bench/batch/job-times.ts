import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Report } from '../figures.ts';
import type { Scene } from './scene.ts';

/** When the server says a job was started, and when it ended. Milliseconds since 1970. */
export interface JobTimes {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Of all jobs of one side's turn. */
export interface Rates {
  /** From the first start to the last start. */
  readonly startsPerSecond: number;
  /** From the first start to the last end. */
  readonly endsPerSecond: number;
}

const LOOK_MS = 1_000;
const NOTE_MS = 10_000;
/** Nothing ends for so long: the run is stuck. */
const PATIENCE_MS = 120_000;

/** Of several turns together, so that a slow one weighs as much as it took. */
export function ratesOf(turns: readonly (readonly JobTimes[])[]): Rates {
  let starts = 0;
  let ends = 0;
  let startingMs = 0;
  let runningMs = 0;
  for (const turn of turns) {
    if (turn.length < 2) throw new RangeError('a rate needs two jobs');
    const started = turn.map(({ startedMs }) => startedMs);
    const firstMs = min(started);
    startingMs += max(started) - firstMs;
    runningMs += max(turn.map(({ endedMs }) => endedMs)) - firstMs;
    // The first start begins the time and is not in it.
    starts += turn.length - 1;
    ends += turn.length;
  }
  return {
    startsPerSecond: starts / (startingMs / 1000),
    endsPerSecond: ends / (runningMs / 1000),
  };
}

/** Waits until so many jobs of a batch have ended, and returns how many of them have not succeeded. */
export async function untilAllEnded(
  { temporal }: Scene,
  batch: string,
  jobs: number,
  report: Report,
): Promise<number> {
  let ended = 0;
  let progressMs = Date.now();
  let notedMs = progressMs;
  while (ended < jobs) {
    await delay(LOOK_MS);
    const count = await countJobs(temporal, batch, '!= "Running"');
    const now = Date.now();
    if (count > ended) progressMs = now;
    ended = count;
    if (now - progressMs > PATIENCE_MS) {
      throw new Error(`only ${ended} of ${jobs} jobs of ${batch} have ended`);
    }
    if (now - notedMs < NOTE_MS) continue;
    notedMs = now;
    report.note(`${batch}: ${ended} of ${jobs} jobs have ended`);
  }
  return jobs - (await countJobs(temporal, batch, '= "Completed"'));
}

async function countJobs({ workflow }: Client, batch: string, status: string): Promise<number> {
  return (await workflow.count(`${jobsOf(batch)} AND ExecutionStatus ${status}`)).count;
}

/** The times of all jobs of a batch that have ended. */
export async function readTimes({ temporal }: Scene, batch: string): Promise<readonly JobTimes[]> {
  const times: JobTimes[] = [];
  for await (const { startTime, closeTime } of temporal.workflow.list({ query: jobsOf(batch) })) {
    if (closeTime === undefined) throw new Error(`a job of ${batch} has not ended`);
    times.push({ startedMs: startTime.getTime(), endedMs: closeTime.getTime() });
  }
  return times;
}

function jobsOf(batch: string): string {
  return `BatchId = "${batch}" AND WorkflowType = "generateMedia"`;
}

function min(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function max(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
