import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { JobHandle } from '../../src/index.ts';
import { Secret } from '../../src/core/secret.ts';
import { createCallbackUrls } from '../../src/webhooks/capability.ts';
import type { Report } from '../figures.ts';
import { ACCOUNT } from './target-urls.ts';
import type { LoadProcess } from './throughput.ts';
import type { WakeScene } from './wake-scene.ts';

const SIGNALLED_JOBS = 100;
/** As many as one submission takes at once. */
const CALLBACKS_PER_JOB = 10;
const MAX_SIGNAL_SECONDS = 60;
const BETWEEN_ENDS_MS = 50;
const LOOK_INTERVAL_MS = 20;
const MAX_WAIT_MS = 60_000;
const MOST_READING_P95_MS = 1_000;
const MODEL = `${ACCOUNT}/kling-v2`;

/** Fresh callbacks through `pollux webhooks` into open workflows of a real server. No worker looks at them. */
export async function measureSignals(
  scene: WakeScene,
  load: LoadProcess,
  report: Report,
): Promise<void> {
  const jobs = Array.from({ length: SIGNALLED_JOBS }, (_, index) => `signalled/${index}`);
  for (const jobId of jobs) await scene.client.start({ model: MODEL, prompt: 'x' }, { jobId });
  const urls = createCallbackUrls('', new Secret(() => scene.secret));
  // Different numbers: a repetition would not be signalled.
  const paths = Array.from({ length: SIGNALLED_JOBS * CALLBACKS_PER_JOB }, (_, index) => {
    const jobId = jobs[index % SIGNALLED_JOBS] ?? '';
    return urls({ account: ACCOUNT, jobId, number: Math.floor(index / SIGNALLED_JOBS) + 1 });
  });
  const { origin } = scene;
  const answer = await load.ask({ origin, seconds: MAX_SIGNAL_SECONDS, paths, isOnce: true });
  if (answer.statuses['202'] !== paths.length) {
    throw new Error(`callbacks were answered ${JSON.stringify(answer.statuses)}`);
  }
  report.add({ name: 'callback.signal.per_second', value: answer.perSecond, unit: '1/s' });
  report.add({ name: 'callback.signal.p50', value: answer.p50Ms, unit: 'ms' });
  report.add({ name: 'callback.signal.p99', value: answer.p99Ms, unit: 'ms' });
  for (const jobId of jobs) await scene.terminate(jobId);
}

/** From the provider's end of a task, which it announces, to our reading, and to the job's end with its file stored. */
export async function measureWakes(scene: WakeScene, jobs: number, report: Report): Promise<void> {
  await scene.startWorker();
  const handles: JobHandle[] = [];
  for (let index = 0; index < jobs; index += 1) {
    handles.push(await scene.client.start({ model: MODEL, prompt: `wake ${index}` }));
  }
  const tasks = await untilAccepted(scene, jobs);
  const ends = new Map<string, number>();
  const doneMs: number[] = [];
  for (const taskId of tasks) {
    ends.set(taskId, Date.now());
    await fetch(`${scene.simulator.url}/admin/tasks/${taskId}/finish`, { method: 'POST' });
    await wait(BETWEEN_ENDS_MS);
  }
  for (const handle of handles) {
    const result = await handle.result();
    doneMs.push(Date.parse(result.finishedAt ?? '') - (ends.get(result.taskId ?? '') ?? 0));
  }
  const readingMs = tasks.map((taskId) => firstReadingOf(scene, taskId) - (ends.get(taskId) ?? 0));
  addPercentiles('callback.wake.reading', readingMs, report, MOST_READING_P95_MS);
  addPercentiles('callback.wake.done', doneMs, report);
}

async function untilAccepted(scene: WakeScene, jobs: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const creates = scene.simulator.log().filter(({ kind }) => kind === 'create');
    const tasks = creates.map(({ taskId }) => taskId).filter((taskId) => taskId !== undefined);
    if (tasks.length === jobs) return tasks;
    if (performance.now() > deadlineMs) throw new Error(`${tasks.length} of ${jobs} were accepted`);
    await wait(LOOK_INTERVAL_MS);
  }
}

function firstReadingOf({ simulator }: WakeScene, taskId: string): number {
  const reading = simulator.log().find((entry) => entry.kind === 'read' && entry.taskId === taskId);
  if (reading === undefined) throw new Error(`task ${taskId} was never read`);
  return Date.parse(reading.at);
}

function addPercentiles(
  name: string,
  times: readonly number[],
  report: Report,
  mostP95?: number,
): void {
  const sorted = [...times].sort((left, right) => left - right);
  const percentile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const bound = mostP95 === undefined ? undefined : ({ kind: 'at most', value: mostP95 } as const);
  report.add({ name: `${name}.p50`, value: percentile(0.5), unit: 'ms' });
  report.add({ name: `${name}.p95`, value: percentile(0.95), unit: 'ms' }, bound);
}
