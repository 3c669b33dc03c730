import { prepareAdoption } from '../core/accounts.ts';
import { toIsoTime } from '../core/clock.ts';
import type { DecisionRecord, MediaRequest, Resolution } from '../core/job.ts';
import type { RecordedResolution, ResolutionRecord, SubmissionId } from '../core/ledger.ts';
import type { Snapshot } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';
import { outcomeOf } from './submission-view.ts';
import type { AcceptedTask, SubmitOutcome } from './submission-view.ts';

export interface ResolveStep extends SubmissionId {
  readonly request: MediaRequest;
  readonly resolution: Exclude<Resolution, { kind: 'resubmit' }>;
  readonly decision: DecisionRecord;
}

export type ResolveAnswer =
  | { readonly kind: 'adopted'; readonly task: AcceptedTask }
  | { readonly kind: 'abandoned' }
  /** Nothing was decided. `outcome` is present where the submission's own outcome came first. */
  | { readonly kind: 'refused'; readonly reason: string; readonly outcome?: SubmitOutcome };

const READ_TIMEOUT_MS = 10_000;

/**
 * Carries out an operator's decision about an unknown submission and writes it to the ledger. A task that the provider
 * does not know, or that another job holds, is refused.
 *
 * Run twice: one decision. Throws `ledger.unavailable`.
 */
export async function resolveSubmission(
  ports: ActivityPorts,
  step: ResolveStep,
  signal: AbortSignal,
): Promise<ResolveAnswer> {
  const { resolution } = step;
  if (resolution.kind === 'abandon') {
    return toAnswer(await record(ports, step, resolution), { kind: 'abandoned' });
  }
  const earlier = await findEarlierRun(ports, step);
  if (earlier !== undefined) return earlier;
  const task = await findTask(ports, step, resolution.taskId, signal);
  if ('kind' in task) return task;
  return toAnswer(await record(ports, step, { kind: 'adopt', ...task }), { kind: 'adopted', task });
}

/** An adoption that was recorded, and whose answer was lost, stands whatever a reading says now. */
async function findEarlierRun(
  ports: ActivityPorts,
  { jobId, number, decision }: ResolveStep,
): Promise<ResolveAnswer | undefined> {
  const decisions = await ports.ledger.decisions(jobId);
  if (!decisions.some(({ id }) => id === decision.id)) return undefined;
  const row = (await ports.ledger.submissions(jobId)).find((one) => one.number === number);
  const outcome = row === undefined ? undefined : outcomeOf(row);
  if (outcome?.outcome !== 'accepted') return undefined;
  const { taskId, operation, snapshot } = outcome;
  return { kind: 'adopted', task: { taskId, operation, snapshot } };
}

async function record(
  ports: ActivityPorts,
  { jobId, number, decision }: ResolveStep,
  resolution: ResolutionRecord,
): Promise<RecordedResolution> {
  const at = toIsoTime(ports.clock());
  return await ports.ledger.resolveSubmission({ jobId, number }, resolution, decision, at);
}

function toAnswer(recorded: RecordedResolution, done: ResolveAnswer): ResolveAnswer {
  switch (recorded.kind) {
    case 'recorded':
      return done;
    case 'taken': {
      const { jobId, number } = recorded.owner;
      return {
        kind: 'refused',
        reason: `the task is held by submission ${number} of job ${jobId}`,
      };
    }
    case 'refused': {
      const { number, state } = recorded.submission;
      const outcome = outcomeOf(recorded.submission);
      const reason = `submission ${number} is ${state} by now; the decision was not needed`;
      return { kind: 'refused', reason, ...(outcome === undefined ? {} : { outcome }) };
    }
  }
}

/** Only the provider's own "no such task" refuses an operator's word; an outage does not. */
async function findTask(
  ports: ActivityPorts,
  { jobId, number, request }: ResolveStep,
  taskId: string,
  signal: AbortSignal,
): Promise<AcceptedTask | Extract<ResolveAnswer, { kind: 'refused' }>> {
  const { account, provider, providerRequest } = prepareAdoption(ports.accounts, request);
  const operation = provider.operationOf(taskId, providerRequest);
  const reading = await provider.read(operation, {
    signal,
    apiKey: account.apiKey,
    timeoutMs: READ_TIMEOUT_MS,
    logger: ports.logger,
  });
  if (reading.outcome === 'trouble' && reading.trouble === 'task_missing') {
    const reason = `the provider knows no task ${taskId} under the key of account ${account.name}`;
    return { kind: 'refused', reason };
  }
  const model = reading.outcome === 'read' ? reading.snapshot.model : undefined;
  if (model !== undefined && model !== providerRequest.model) {
    const reason = `task ${taskId} is one of model ${model}, and the job asked for ${providerRequest.model}`;
    return { kind: 'refused', reason };
  }
  const unread: Snapshot = { status: 'running', providerStatus: 'adopted' };
  const snapshot =
    reading.outcome === 'read' ? await stageInline(ports, jobId, number, reading.snapshot) : unread;
  return { taskId, operation, snapshot };
}
