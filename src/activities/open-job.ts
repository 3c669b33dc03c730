import { prepareAdoption, prepareRequest } from '../core/accounts.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import { budgetsOf } from '../core/budget.ts';
import { toIsoTime } from '../core/clock.ts';
import { typicalSeconds } from '../core/duration-profile.ts';
import { isMediaJobError, RequestError } from '../core/errors.ts';
import type { DecisionRecord, JobInput, JobResult } from '../core/job.ts';
import type { Admission, OpenJobRequest, SubmissionRecord } from '../core/ledger.ts';
import { identityOf, toDurationKey, toPlan, toReadingPlan } from './job-plan.ts';
import type { JobPlan } from './job-plan.ts';
import type { OpenJobStep } from './open-step.ts';
import { refuseWhenTooLate, waitForPlace } from './place-wait.ts';
import type { ActivityPorts } from './ports.ts';
import { toRequestHash } from './request-hash.ts';
import { toRerun } from './rerun.ts';
import { outcomeOf } from './submission-view.ts';
import type { SubmitOutcome } from './submission-view.ts';

/** Author of a decision that the account's `onUnknown` took. */
const POLICY_AUTHOR = 'policy onUnknown';

export type OpenedJob =
  | { readonly kind: 'ended'; readonly result: JobResult }
  /** Only where the job was cancelled: no submission of it can have a task. */
  | { readonly kind: 'unsent' }
  /** Only where the step is impatient: nothing can be admitted for now. */
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'open';
      readonly plan: JobPlan;
      /** Number of the job's current submission; it may be higher than the one asked for. */
      readonly number: number;
      /** Absent: the submission is admitted and nothing was sent for it. */
      readonly outcome?: SubmitOutcome;
      /** ISO 8601; when the submission was armed, where it was. */
      readonly armedAt: string | null;
    };

/**
 * Parses the input, writes the job, admits submission `number` and reserves its money, or tells how far the job has come.
 *
 * Waits for one of the account's places by asking the server to run it again.
 * Throws `request.invalid`, `request.conflict`, `request.gave_up`, `ledger.unavailable`.
 * Run twice: the second run finds what the first wrote and returns the same.
 */
export async function openJob(ports: ActivityPorts, step: OpenJobStep): Promise<OpenedJob> {
  const input = ports.parseJobInput(step.input);
  const prepared =
    input.adoptTaskId === undefined
      ? prepareRequest(ports.accounts, input.request)
      : prepareAdoption(ports.accounts, input.request);
  const resubmit = await permitResubmit(ports, step, prepared);
  const profile = await ports.durations.profileOf(toDurationKey(prepared));
  const admission = await ports.ledger
    .openJob({
      ...toLedgerRequest(ports, step, input, prepared),
      ...(profile === undefined ? {} : { typicalSeconds: typicalSeconds(profile) }),
      ...(resubmit === undefined ? {} : { resubmit }),
      ...(await toRerun(ports, step.jobId, input)),
    })
    .catch((error: unknown) => {
      throw withIdentity(error, prepared);
    });
  if (admission.kind === 'ended') return admission;
  if (step.isCancelled === true && !mayHaveTask(admission)) return { kind: 'unsent' };
  if (admission.kind === 'full' || admission.kind === 'paused') {
    if (step.isImpatient === true) return { kind: 'waiting' };
    throw waitForPlace(ports, step, prepared, admission, profile);
  }
  refuseWhenTooLate(ports, step, prepared, admission);
  const reading = toReadingPlan(ports, step.jobId, input, prepared, profile);
  return toOpened(toPlan(step.jobId, input, prepared, reading), admission.submission);
}

const MAY_HAVE_TASK: ReadonlySet<string> = new Set(['armed', 'accepted', 'unknown']);

/** A job that is cancelled may have bought its task in an earlier run; then it is followed and kept, not forgotten. */
function mayHaveTask(admission: Exclude<Admission, { kind: 'ended' }>): boolean {
  if (admission.kind === 'full' || admission.kind === 'paused') return false;
  return MAY_HAVE_TASK.has(admission.submission.state);
}

function toOpened(plan: JobPlan, submission: SubmissionRecord): OpenedJob {
  const outcome = outcomeOf(submission);
  return {
    kind: 'open',
    plan,
    number: submission.number,
    armedAt: submission.armedAt,
    ...(outcome === undefined ? {} : { outcome }),
  };
}

/** The policy's cap holds for the job's whole life, however often it is run again. Without a permit nothing is opened. */
async function permitResubmit(
  ports: ActivityPorts,
  step: OpenJobStep,
  { account }: PreparedRequest,
): Promise<DecisionRecord | undefined> {
  if (step.resubmit === undefined || step.isCancelled === true) return undefined;
  const { id, author, reason, isPolicy } = step.resubmit;
  if (!isPolicy) return { id, author, reason };
  const made = await ports.ledger.decisions(step.jobId);
  const byPolicy = made.filter((one) => one.author === POLICY_AUTHOR && one.id !== id);
  if (byPolicy.length >= account.maxResubmits) return undefined;
  return { id, author: POLICY_AUTHOR, reason };
}

/** A job that ends before it has a plan still tells whose it was. */
function withIdentity(error: unknown, prepared: PreparedRequest): unknown {
  if (!isMediaJobError(error)) return error;
  const { code, message } = error;
  if (code !== 'request.conflict' && code !== 'request.over_budget') return error;
  const details = { ...error.details, ...identityOf(prepared) };
  return new RequestError(code, message, { details, cause: error });
}

function toLedgerRequest(
  ports: ActivityPorts,
  step: OpenJobStep,
  input: JobInput,
  prepared: PreparedRequest,
): OpenJobRequest {
  const { account, provider, providerRequest } = prepared;
  const whose = { tenant: input.tenant ?? null, batch: input.batch ?? null };
  return {
    jobId: step.jobId,
    number: step.number,
    requestHash: toRequestHash(input),
    ...whose,
    ...identityOf(prepared),
    realm: account.realm,
    rank: input.batch === undefined ? 'interactive' : 'batch',
    quote: prepared.quote,
    places: account.limits.concurrentTasks,
    budgets: budgetsOf(
      { ...whose, account: account.name, currency: account.currency },
      ports.budgets,
    ),
    input,
    at: toIsoTime(ports.clock()),
    ...(input.adoptTaskId === undefined
      ? {}
      : {
          adopt: {
            taskId: input.adoptTaskId,
            operation: provider.operationOf(input.adoptTaskId, providerRequest),
            snapshot: { status: 'running', providerStatus: 'adopted' },
            keyId: account.keyId,
          },
        }),
  };
}
