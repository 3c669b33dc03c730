import { createHash } from 'node:crypto';
import type { Timing } from '../core/account.ts';
import { prepareAdoption, prepareRequest } from '../core/accounts.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import { budgetsOf } from '../core/budget.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError, RequestError } from '../core/errors.ts';
import type { DecisionRecord, JobInput, JobResult, MediaKind, MediaRequest } from '../core/job.ts';
import type { Admission, OpenJobRequest, SubmissionRecord } from '../core/ledger.ts';
import type { Quote } from '../core/money.ts';
import { toRequestText } from '../core/request-text.ts';
import type { ActivityPorts } from './ports.ts';
import { outcomeOf } from './submission-view.ts';
import type { SubmitOutcome } from './submission-view.ts';
import { waitFor } from './wait.ts';

export interface OpenJobStep {
  readonly jobId: string;
  /** Number of the submission to admit. */
  readonly number: number;
  /** The workflow's argument, unread. */
  readonly input: unknown;
  /** When the job began, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Why the job has no task yet, for the message if it gives up. */
  readonly lastReason?: string;
  /** Opens `number` although the one before it may have been accepted. */
  readonly resubmit?: ResubmitDecision;
  /**
   * The job was cancelled: it waits for nothing, and is told whether it may have a task. It is written all the same, so
   * that a worker that comes late finds its end.
   */
  readonly isCancelled?: true;
}

export interface ResubmitDecision extends DecisionRecord {
  /** True where the account's policy decided, which it may do `maxResubmits` times for one job. */
  readonly isPolicy: boolean;
}

/** Author of a decision that the account's `onUnknown` took. */
const POLICY_AUTHOR = 'policy onUnknown';

/** All that the workflow knows of a job: made of the parsed input and the configuration of this moment. */
export interface JobPlan {
  readonly jobId: string;
  readonly request: MediaRequest;
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly provider: string;
  /** The provider's model id. */
  readonly model: string;
  readonly kind: MediaKind | null;
  readonly timing: Timing;
  readonly quote: Quote | null;
  readonly canCancel: boolean;
  readonly onUnknown: 'hold' | 'fail' | 'resubmit';
}

export type OpenedJob =
  | { readonly kind: 'ended'; readonly result: JobResult }
  /** Only where the job was cancelled: no submission of it can have a task. */
  | { readonly kind: 'unsent' }
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

const PLACE_WAIT_BASE_MS = 2_000;
const PLACE_WAIT_MAX_MS = 30_000;

/**
 * Parses the input, writes the job, admits submission `number` and reserves its money, or tells how far the job has come.
 *
 * Waits for one of the account's places by asking the server to run it again.
 * Throws `request.invalid`, `request.conflict`, `request.gave_up`, `ledger.unavailable`.
 * Run twice: the second run finds what the first wrote and returns the same.
 */
export async function openJob(
  ports: ActivityPorts,
  step: OpenJobStep,
  attempt: number,
): Promise<OpenedJob> {
  const input = ports.parseJobInput(step.input);
  const prepared =
    input.adoptTaskId === undefined
      ? prepareRequest(ports.accounts, input.request)
      : prepareAdoption(ports.accounts, input.request);
  const resubmit = await permitResubmit(ports, step, prepared);
  const admission = await ports.ledger
    .openJob({
      ...toLedgerRequest(ports, step, input, prepared),
      ...(resubmit === undefined ? {} : { resubmit }),
    })
    .catch((error: unknown) => {
      throw withIdentity(error, prepared);
    });
  if (admission.kind === 'ended') return admission;
  if (step.isCancelled === true && !mayHaveTask(admission)) return { kind: 'unsent' };
  if (admission.kind === 'full' || admission.kind === 'paused') {
    throw waitForPlace(ports, step, prepared, admission, attempt);
  }
  refuseWhenTooLate(ports, step, prepared, admission);
  return toOpened(toPlan(step.jobId, input, prepared), admission.submission);
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

function identityOf({
  account,
  provider,
  providerRequest,
}: PreparedRequest): Pick<JobPlan, 'account' | 'provider' | 'model'> {
  return { account: account.name, provider: provider.name, model: providerRequest.model };
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

function toRequestHash(input: JobInput): string {
  return createHash('sha256').update(toRequestText(input)).digest('hex');
}

function toPlan(jobId: string, input: JobInput, prepared: PreparedRequest): JobPlan {
  const { account, provider, model } = prepared;
  return {
    jobId,
    request: input.request,
    tenant: input.tenant ?? null,
    batch: input.batch ?? null,
    ...identityOf(prepared),
    kind: model.kind ?? null,
    timing: prepared.timing,
    quote: prepared.quote,
    canCancel: provider.cancel !== undefined,
    onUnknown: account.onUnknown,
  };
}

/** A job that may be submitted again for ever must end some day: `giveUpSeconds` bounds all that precedes acceptance. */
function refuseWhenTooLate(
  ports: ActivityPorts,
  step: OpenJobStep,
  prepared: PreparedRequest,
  admission: Admission,
): void {
  const isUnsent = admission.kind === 'admitted';
  if (isUnsent && millisecondsLeft(ports, step, prepared) <= 0) {
    throw gaveUp(step, prepared, step.lastReason ?? 'the job came too late to its submission');
  }
}

function millisecondsLeft(
  ports: ActivityPorts,
  step: OpenJobStep,
  prepared: PreparedRequest,
): number {
  return step.startedAtMs + prepared.timing.giveUpSeconds * 1000 - ports.clock();
}

function gaveUp(step: OpenJobStep, prepared: PreparedRequest, reason: string): RequestError {
  const { giveUpSeconds } = prepared.timing;
  return new RequestError(
    'request.gave_up',
    `job ${step.jobId} was not accepted within ${giveUpSeconds} s: ${reason}; start it again under a new job id, or raise timing.giveUpSeconds of account ${prepared.account.name}`,
    { details: { giveUpSeconds, reason, ...identityOf(prepared) } },
  );
}

function waitForPlace(
  ports: ActivityPorts,
  step: OpenJobStep,
  prepared: PreparedRequest,
  lack: Extract<Admission, { kind: 'full' | 'paused' }>,
  attempt: number,
): Error {
  const reason = describeLack(lack, prepared);
  const left = millisecondsLeft(ports, step, prepared);
  if (left <= 0) return gaveUp(step, prepared, reason);
  const grown = Math.min(PLACE_WAIT_MAX_MS, PLACE_WAIT_BASE_MS * 1.3 ** (attempt - 1));
  const pauseMs = lack.kind === 'paused' ? Date.parse(lack.pause.until) - ports.clock() : 0;
  const delayMs = Math.min(left, Math.max(0, pauseMs) + grown * (0.75 + Math.random() / 2));
  return waitFor('wait.place', `waiting for a place: ${reason}`, delayMs);
}

function describeLack(
  lack: Extract<Admission, { kind: 'full' | 'paused' }>,
  { account }: PreparedRequest,
): string {
  const { name, limits } = account;
  if (lack.kind === 'full') {
    return `all ${limits.concurrentTasks} places of account ${name} are taken (${lack.taken})`;
  }
  const { reason, since, until } = lack.pause;
  return `account ${name} is not submitted to until ${until}: ${reason} since ${since}`;
}
