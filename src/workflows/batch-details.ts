import type { BatchState } from '../core/batch.ts';
import { formatMoney } from '../core/money.ts';

/** What an operator reads on the page of a batch: Markdown. */
export function toBatchDetails(state: BatchState): string {
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
  if (state.manifestKey !== null) lines.push(`- output manifest \`${state.manifestKey}\``);
  lines.push(`- its jobs: \`BatchId = "${batch}"\``);
  return lines.join('\n');
}
