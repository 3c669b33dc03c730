import { CancellationScope, condition, uuid4 } from '@temporalio/workflow';
import type {
  AcceptedTask,
  ResubmitDecision,
  SubmitOutcome,
  UnknownEvidence,
} from '../activities/index.ts';
import { toCost } from '../core/billing.ts';
import { toEarlyEnd } from '../failures.ts';
import type { JobControl, PendingResolution } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { runUntil } from './run-until.ts';
import { reconcileStep, resolveStep, watchStep } from './steps.ts';

type UnknownOutcome = Extract<SubmitOutcome, { outcome: 'unknown' }>;

/** A submission whose outcome did not arrive, with what its heartbeat left behind. */
export type LostSubmission = UnknownOutcome & { readonly heartbeat?: AcceptedTask };

/** How it ended that nobody could tell what became of a submission. */
export type SettledOutcome =
  | SubmitOutcome
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'abandoned'; readonly by: string; readonly evidence: UnknownEvidence }
  /** The next number is opened by decision. */
  | { readonly outcome: 'resubmit'; readonly decision: ResubmitDecision };

/**
 * Asks whoever may know what became of the submission. Where nobody can tell, the account's policy decides once; then the
 * job is held until the outcome turns up after all, an operator decides, or the job is cancelled.
 */
export async function settleSubmission(
  record: JobRecord,
  control: JobControl,
  number: number,
  lost: LostSubmission,
  mayResubmit: boolean,
): Promise<SettledOutcome> {
  const { onUnknown } = record.plan;
  const policy = onUnknown === 'resubmit' && !mayResubmit ? 'hold' : onUnknown;
  for (;;) {
    const isPatient = policy !== 'hold' && record.facts.hold === null;
    const outcome = await reconcile(record, control, number, lost, isPatient);
    if (outcome.outcome !== 'unknown') return released(record, control, outcome);
    if (isPatient && policy === 'fail') return outcome;
    if (isPatient && policy === 'resubmit') {
      return { outcome: 'resubmit', decision: decideByPolicy(outcome.evidence) };
    }
    hold(record, number, outcome.evidence);
    const ended = await waitInHold(record, control, number, outcome.evidence);
    if (ended !== 'look again') return released(record, control, ended);
  }
}

function decideByPolicy({ reason }: UnknownEvidence): ResubmitDecision {
  return { id: uuid4(), author: 'policy', reason, isPolicy: true };
}

/** A decision that is still waiting came too late. */
function released(record: JobRecord, control: JobControl, outcome: SettledOutcome): SettledOutcome {
  control.takeResolution()?.refuse(`the submission is decided by now: ${outcome.outcome}`);
  if (outcome.outcome !== 'cancelled' && outcome.outcome !== 'abandoned') {
    record.update({ hold: null, status: 'submitting' });
  }
  return outcome;
}

/** One pending activity, also through long waits; a callback that names a task replaces it at once. */
async function reconcile(
  record: JobRecord,
  control: JobControl,
  number: number,
  { heartbeat }: LostSubmission,
  isPatient: boolean,
): Promise<SubmitOutcome> {
  for (;;) {
    control.takeWake();
    const notifiedTaskId = control.notifiedTask(number);
    const { account, timing } = record.plan;
    const step = {
      jobId: record.jobId,
      number,
      account,
      settleSeconds: timing.settleSeconds,
      listSettleSeconds: timing.listSettleSeconds,
      taskLifeSeconds: timing.taskLifeSeconds,
      isPatient,
      ...(heartbeat === undefined ? {} : { heartbeat }),
      ...(notifiedTaskId === undefined ? {} : { notifiedTaskId }),
    };
    const isNews = (): boolean => control.notifiedTask(number) !== notifiedTaskId;
    const outcome = await untilNews(control, isNews, () =>
      reconcileStep(record.plan, number).reconcile(step),
    );
    if (outcome !== 'news') return outcome;
  }
}

async function untilNews<T>(
  control: JobControl,
  isNews: () => boolean,
  run: () => Promise<T>,
): Promise<T | 'news'> {
  try {
    return await runUntil(control, () => (isNews() ? 0 : undefined), run);
  } catch (error) {
    if (toEarlyEnd(error) === 'woken') return 'news';
    throw error;
  }
}

function hold(record: JobRecord, number: number, evidence: UnknownEvidence): void {
  const held = record.facts.hold;
  const since = held?.since ?? new Date().toISOString();
  record.update(
    {
      status: 'held',
      hold: { reason: 'submit_unknown', number, since, evidence: { ...evidence } },
      cost: toCost(record.plan.quote, 'unknown'),
    },
    held === null
      ? `nobody can tell whether submission ${number} was accepted: ${evidence.reason}`
      : undefined,
  );
}

/** The ledger is watched meanwhile: a spool that is drained, or a worker that wakes, may bring the outcome. */
async function waitInHold(
  record: JobRecord,
  control: JobControl,
  number: number,
  evidence: UnknownEvidence,
): Promise<SettledOutcome | 'look again'> {
  const watch = new Watch(record.jobId, number);
  try {
    for (;;) {
      await condition(
        () =>
          control.cancel !== undefined ||
          control.hasResolution ||
          control.isWoken ||
          watch.outcome !== undefined,
      );
      if (watch.outcome !== undefined) return watch.outcome;
      if (control.cancel !== undefined) return { outcome: 'cancelled' };
      const pending = control.takeResolution();
      if (pending === undefined) return 'look again';
      const ended = await decide(record, number, pending, evidence);
      if (ended !== undefined) return ended;
    }
  } finally {
    watch.stop();
  }
}

/** A watching activity and its answer. */
class Watch {
  readonly #scope = new CancellationScope();
  #outcome: SubmitOutcome | undefined;

  constructor(jobId: string, number: number) {
    this.#scope
      .run(() => watchStep(number).awaitOutcome({ jobId, number }))
      .then((outcome) => {
        this.#outcome = outcome;
      })
      .catch(() => undefined);
  }

  get outcome(): SubmitOutcome | undefined {
    return this.#outcome;
  }

  stop(): void {
    this.#scope.cancel();
  }
}

/** Carries out an operator's decision; `undefined` where it was refused and the job stays held. */
async function decide(
  record: JobRecord,
  number: number,
  pending: PendingResolution,
  evidence: UnknownEvidence,
): Promise<SettledOutcome | undefined> {
  const { resolution, decision } = pending;
  const { author, reason } = decision;
  if (resolution.kind === 'resubmit') {
    pending.accept();
    record.update({}, `${author} decided to submit again: ${reason}`);
    return { outcome: 'resubmit', decision: { ...decision, isPolicy: false } };
  }
  const { request } = record.plan;
  const step = { jobId: record.jobId, number, request, resolution, decision };
  const answer = await resolveStep(record.plan, number).resolveSubmission(step);
  switch (answer.kind) {
    case 'adopted':
      pending.accept();
      record.update({}, `${author} gave the job task ${answer.task.taskId}: ${reason}`);
      return { outcome: 'accepted', ...answer.task };
    case 'abandoned':
      pending.accept();
      record.update({}, `${author} gave submission ${number} up: ${reason}`);
      return { outcome: 'abandoned', by: author, evidence };
    case 'refused':
      pending.refuse(answer.reason);
      return answer.outcome?.outcome === 'unknown' ? undefined : answer.outcome;
  }
}
