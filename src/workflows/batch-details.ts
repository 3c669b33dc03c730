import type { BatchState } from '../core/batch.ts';
import { formatMoney } from '../core/money.ts';

const MINUTE_MS = 60_000;

/** What an operator reads on the page of a batch: Markdown. */
export function toBatchDetails(state: BatchState, nowMs: number): string {
  const { batch, status, items, waiting, inFlight, window, reason } = state;
  const lines = [`**${status}** · batch \`${batch}\` · ${items} items`, ''];
  if (reason !== null) lines.push(`**${reason}**`, '');
  lines.push(
    `| succeeded | failed | expired | cancelled | not started | in flight | waiting |`,
    `|---|---|---|---|---|---|---|`,
    `| ${state.succeeded} | ${state.failed} | ${state.expired} | ${state.cancelled} | ${state.notStarted} | ${inFlight} of ${window} | ${waiting} |`,
    '',
  );
  for (const { currency, spent, reserved, unknown } of state.money) {
    const show = (micros: string): string => formatMoney({ currency, micros });
    lines.push(`- spent ${show(spent)}, reserved ${show(reserved)}, unknown ${show(unknown)}`);
  }
  for (const [code, count] of Object.entries(state.failures)) lines.push(`- ${code}: ${count}`);
  const pace = toPace(state, nowMs);
  if (pace !== undefined) lines.push(`- ${pace}`);
  if (state.kept > 0) lines.push(`- ${state.kept} keep the end they had before this run`);
  if (state.manifestKey !== null) lines.push(`- output manifest \`${state.manifestKey}\``);
  const jobs = `BatchId = "${batch}"`;
  lines.push(
    `- its jobs: \`${jobs}\`; those that wait for a person: \`${jobs} AND Hold IS NOT NULL AND ExecutionStatus = "Running"\``,
  );
  return lines.join('\n');
}

/** Over the whole run; `undefined` where nothing can be said of what is left. */
function toPace(
  { items, waiting, inFlight, kept, startedAt, finishedAt }: BatchState,
  nowMs: number,
): string | undefined {
  const left = waiting + inFlight;
  const done = items - left - kept;
  const tookMs = nowMs - Date.parse(startedAt);
  if (finishedAt !== null || done <= 0 || tookMs <= 0) return undefined;
  const perMinute = (done / tookMs) * MINUTE_MS;
  const shown = perMinute < 10 ? perMinute.toFixed(1) : perMinute.toFixed(0);
  return `${shown} per minute on average, about ${Math.ceil(left / perMinute)} min left`;
}
