import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { cpuMs } from '../cpu.ts';
import type { Scene } from './scene.ts';
import type { JobShape } from './shape.ts';
import type { SideName } from './sides.ts';

/** What so many jobs of one side took. */
export interface Run {
  /** From the first start to the last end. */
  readonly jobsPerSecond: number;
  /** CPU milliseconds for each job. */
  readonly workerCpuMs: number;
  readonly serverCpuMs: number;
}

/** Starts all jobs at once and waits for all ends. */
export async function runJobs(
  scene: Scene,
  side: SideName,
  jobs: number,
  shape: JobShape,
): Promise<Run> {
  const workerBefore = cpuMs(scene.workerPids[side]);
  const serverBefore = cpuMs(scene.serverPid);
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: jobs }, () => runJob(scene, side, shape)));
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    jobsPerSecond: jobs / seconds,
    workerCpuMs: (cpuMs(scene.workerPids[side]) - workerBefore) / jobs,
    serverCpuMs: (cpuMs(scene.serverPid) - serverBefore) / jobs,
  };
}

/** Runs one job to its end and returns its workflow id. */
export async function runJob(scene: Scene, side: SideName, shape: JobShape): Promise<string> {
  const workflowId = await scene.starts[side](`${side}-${randomUUID()}`, shape);
  await scene.temporal.workflow.getHandle(workflowId).result();
  return workflowId;
}
