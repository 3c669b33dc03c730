import proto from '@temporalio/proto';
import { runJob } from './run-jobs.ts';
import type { Scene } from './scene.ts';
import type { JobShape } from './shape.ts';
import type { SideName } from './sides.ts';

const { EventType } = proto.temporal.api.enums.v1;

/** Event types of one job's history, in the order in which they happened. */
export async function readEvents(
  scene: Scene,
  side: SideName,
  shape: JobShape,
): Promise<readonly string[]> {
  const workflowId = await runJob(scene, side, shape);
  const { events } = await scene.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).map(({ eventType }) => toName(eventType ?? 0));
}

/** `3 workflow task completed, 2 timer started`: the most frequent first. */
export function describeEvents(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function toName(eventType: number): string {
  const name = EventType[eventType] ?? String(eventType);
  return name.replace('EVENT_TYPE_', '').replaceAll('_', ' ').toLowerCase();
}
