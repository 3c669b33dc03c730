import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../figures.ts';
import type { Scene } from './scene.ts';

/** Jobs that are started and not yet accepted: more would only wait in the server's queues. */
const AT_ONCE = 100;
const LOOK_MS = 100;
const NOTE_MS = 10_000;
/** Nothing is accepted for so long: the run is stuck. */
const PATIENCE_MS = 120_000;

const REQUEST = { model: 'simulated/wan2.6-t2v', prompt: 'a harbour at dawn', durationSeconds: 5 };

/** Starts so many jobs, as fast as they are accepted, and waits until the provider has all their tasks. */
export async function fill(
  { client, provider }: Scene,
  jobs: number,
  report: Report,
): Promise<void> {
  const beganMs = Date.now();
  let started = 0;
  let progressMs = beganMs;
  let notedMs = beganMs;
  while (provider.tasks < jobs) {
    const wanted = Math.min(jobs, provider.tasks + AT_ONCE) - started;
    await Promise.all(Array.from({ length: wanted }, () => client.start(REQUEST)));
    started += wanted;
    await delay(LOOK_MS);
    const before = provider.tasks;
    await provider.refresh();
    const now = Date.now();
    if (provider.tasks > before) progressMs = now;
    if (now - progressMs > PATIENCE_MS) throw new Error(`only ${provider.tasks} jobs have a task`);
    if (now - notedMs < NOTE_MS) continue;
    notedMs = now;
    const rate = provider.tasks / ((now - beganMs) / 1000);
    report.note(`${provider.tasks} of ${jobs} jobs have a task, ${rate.toFixed(1)} per second`);
  }
}
