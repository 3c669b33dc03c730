import type { JsonObject } from '../core/json.ts';
import type { JobState } from '../core/job.ts';
import { formatMoney } from '../core/money.ts';

/** What an operator reads on the workflow's page: Markdown, the need for a person first. */
export function toCurrentDetails(state: JobState): string {
  const lines = [
    `**${state.status}** · ${state.account}/${state.model} · job \`${state.jobId}\``,
    '',
  ];
  if (state.hold !== null) {
    lines.push(
      `**Hold: ${state.hold.reason}** since ${state.hold.since}. ${HOLD_HELP[state.hold.reason]}`,
      '',
      ...toEvidenceLines(state.hold.evidence),
      '',
    );
  }
  if (state.error !== null) lines.push(`**${state.error.code}**: ${state.error.message}`, '');
  if (state.taskId !== null)
    lines.push(`- task \`${state.taskId}\`, submission ${state.submissions}`);
  if (state.taskExpiresAt !== null)
    lines.push(`- the provider forgets the task at ${state.taskExpiresAt}`);
  if (state.urlExpiresAt !== null) lines.push(`- the result URL dies at ${state.urlExpiresAt}`);
  if (state.cost !== null)
    lines.push(`- cost ${formatMoney(state.cost)}, ${state.cost.state}: ${state.cost.basis}`);
  for (const artifact of state.artifacts)
    lines.push(`- stored \`${artifact.key}\`, ${artifact.sizeBytes} bytes`);
  if (state.cancelRequestedAt !== undefined)
    lines.push(`- cancel was requested at ${state.cancelRequestedAt}`);
  return lines.join('\n');
}

/** What is known, one line a fact: the reason, the worker, the tasks that may be its own. */
function toEvidenceLines(evidence: JsonObject): readonly string[] {
  return Object.entries(evidence).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `- ${name}: ${text}`;
  });
}

const HOLD_HELP: Readonly<Record<NonNullable<JobState['hold']>['reason'], string>> = {
  submit_unknown:
    'The provider may or may not have accepted this submission; nothing was sent again. Look for the task at the provider, then decide with update `resolveSubmission`: `adopt` its id, `resubmit`, or `abandon`. Update `pollNow` looks again.',
  task_missing:
    'The provider does not know the task. Reading goes on; check that the account still uses the key that created it.',
  unauthorized:
    'The provider refuses the key. Reading goes on; put a working key where the account takes it from.',
  unreadable: 'The provider answers something unreadable. Reading goes on.',
  provider_unavailable: 'The provider cannot be reached. Reading goes on.',
  crashing:
    'Storing an output took its worker down, again and again. Look at the log of the transfer worker, then send update `pollNow` to try again, or `cancelJob` to give the output up. The render is paid and is not repeated.',
  not_stored:
    'An output is not stored, and its URL may be dead by now. Mend what the evidence names, then send update `pollNow` to try again, or `cancelJob` to give the output up. The render is paid and is not repeated.',
};
