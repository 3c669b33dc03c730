import { randomUUID } from 'node:crypto';
import { prepareRequest } from '../core/accounts.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { ErrorReport } from '../core/errors.ts';
import { ERROR_CODES } from '../core/error-codes.ts';
import type { MediaRequest } from '../core/job.ts';
import { toLocalTaskId } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { Accepted, SubmitContext } from '../core/provider.ts';
import { conclude, keepInlineResult } from './conclude.ts';
import { pauseWithoutCredit } from './pause-account.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';
import { outcomeOf } from './submission-view.ts';
import type { AcceptedTask, SubmitOutcome } from './submission-view.ts';

export interface SubmitStep extends SubmissionId {
  readonly request: MediaRequest;
  /** Deadline of the POST, milliseconds from arming. */
  readonly timeoutMs: number;
}

/** The one listing before a realm's first arming must not eat the time of the POST. Milliseconds. */
const LIST_TIMEOUT_MS = 3_000;

/**
 * One submission, one POST; its outcome is a value.
 *
 * `heartbeat` receives the task the moment the provider names it, so that a lost worker leaves it behind.
 * Run twice: a submission that has left `admitted` is never sent again; the second run returns what the first left.
 */
export async function submit(
  ports: ActivityPorts,
  step: SubmitStep,
  heartbeat: (task: AcceptedTask) => void,
): Promise<SubmitOutcome> {
  const prepared = prepareRequest(ports.accounts, step.request);
  const shutBecause = ports.gate.reason();
  if (shutBecause !== undefined) return notSent('storage.unavailable', shutBecause);
  const deadline = createDeadline(ports, step.timeoutMs);
  const armingId = randomUUID();
  const armed = await arm(ports, step, prepared, deadline, armingId);
  if (armed !== 'armed') return armed;

  const timeoutMs = Math.max(1, Math.floor(deadline.leftMs()));
  const submission = await prepared.provider.submit(prepared.providerRequest, {
    signal: AbortSignal.timeout(timeoutMs),
    apiKey: prepared.account.apiKey,
    timeoutMs,
    logger: ports.logger,
    lastCheck: createLastCheck(ports, step, deadline),
    ...toCallback(ports, step, prepared),
  });

  switch (submission.outcome) {
    case 'accepted':
      return await concludeAccepted(ports, step, submission, heartbeat);
    case 'rejected': {
      const { error } = submission;
      const final = ERROR_CODES[error.code].before === 'final';
      const record = { outcome: 'rejected', error, final, armingId } as const;
      const outcome = await conclude(ports, step, record, submission);
      await pauseWithoutCredit(ports, prepared.account.name, step.number, submission);
      return outcome;
    }
    case 'unknown': {
      const { reason, httpStatus } = submission.evidence;
      return await conclude(ports, step, submission, {
        outcome: 'unknown',
        evidence: {
          reason,
          worker: ports.worker,
          ...(httpStatus === undefined ? {} : { httpStatus }),
        },
      });
    }
  }
}

function toCallback(
  { callbackUrls }: ActivityPorts,
  { jobId, number }: SubmitStep,
  { account, provider }: PreparedRequest,
): Pick<SubmitContext, 'callbackUrl'> {
  if (provider.callback === undefined || callbackUrls === undefined) return {};
  return { callbackUrl: callbackUrls({ account: account.name, jobId, number }) };
}

/** No permission in the ledger, no POST: a ledger that is away refuses, too. */
async function arm(
  ports: ActivityPorts,
  step: SubmitStep,
  prepared: PreparedRequest,
  deadline: Deadline,
  armingId: string,
): Promise<'armed' | SubmitOutcome> {
  const { account } = prepared;
  try {
    const newestKnownTaskId = await findPosition(ports, prepared);
    const answer = await ports.ledger.arm(step, {
      armingId,
      worker: ports.worker,
      keyId: account.keyId,
      deadlineAt: toIsoTime(deadline.wallMs),
      newestKnownTaskId,
      at: toIsoTime(ports.clock()),
    });
    if (answer.kind === 'armed') return 'armed';
    const outcome = answer.submission === undefined ? undefined : outcomeOf(answer.submission);
    const message = 'the ledger has no admitted submission with this number';
    return outcome ?? notSent('provider.unavailable', message);
  } catch (error) {
    if (!isMediaJobError(error) || error.code !== 'ledger.unavailable') throw error;
    // The answer may be lost and the row armed all the same: that nothing was sent must reach the ledger some day.
    const rejected = notSent(error.code, error.message);
    return await conclude(ports, step, { ...rejected, final: false, armingId }, rejected);
  }
}

/**
 * What is created from now on lies after this task in the provider's list. A realm of which nothing is known yet is
 * listed once, so that there is a position to count from.
 */
async function findPosition(
  ports: ActivityPorts,
  { account, provider }: PreparedRequest,
): Promise<string | null> {
  const known = await ports.ledger.newestTaskId(account.realm);
  if (known !== null || provider.list === undefined) return known;
  const answer = await provider.list(
    { limit: 1 },
    {
      signal: AbortSignal.timeout(LIST_TIMEOUT_MS),
      apiKey: account.apiKey,
      timeoutMs: LIST_TIMEOUT_MS,
      logger: ports.logger,
    },
  );
  return answer.outcome === 'listed' ? (answer.tasks[0]?.taskId ?? null) : null;
}

function notSent(
  code: ErrorReport['code'],
  message: string,
): Extract<SubmitOutcome, { outcome: 'rejected' }> {
  return { outcome: 'rejected', error: { code, message, details: { reason: 'not_sent' } } };
}

interface Deadline {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  leftMs(): number;
}

/** Time is measured on the wall clock and on the monotonic one: either may have stood still, or jumped. */
function createDeadline(ports: ActivityPorts, timeoutMs: number): Deadline {
  const wallMs = ports.clock() + timeoutMs;
  const monotonicMs = performance.now() + timeoutMs;
  return {
    wallMs,
    leftMs: () => Math.min(wallMs - ports.clock(), monotonicMs - performance.now()),
  };
}

/**
 * A frozen process may wake long after the server gave it up. So the clocks are read twice, and the ledger is asked once
 * more in between: another worker may have closed this door.
 */
function createLastCheck(
  ports: ActivityPorts,
  step: SubmitStep,
  deadline: Deadline,
): () => Promise<boolean> {
  const isAllowed = (): boolean => !ports.isStopping() && deadline.leftMs() > 0;
  return async () => {
    if (!isAllowed()) return false;
    const maySend = await ports.ledger.maySend(step, ports.worker);
    return maySend && isAllowed();
  };
}

async function concludeAccepted(
  ports: ActivityPorts,
  step: SubmitStep,
  accepted: Accepted,
  heartbeat: (task: AcceptedTask) => void,
): Promise<SubmitOutcome> {
  const taskId = accepted.taskId ?? toLocalTaskId(step.jobId, step.number);
  const task = await toAcceptedTask(ports, step, accepted, taskId);
  if (task === undefined) {
    const record = { ...accepted, taskId, source: 'reply' } as const;
    return await keepInlineResult(ports, step, record);
  }
  heartbeat(task);
  const record = { outcome: 'accepted', ...task, source: 'reply' } as const;
  return await conclude(ports, step, record, { outcome: 'accepted', ...task });
}

/**
 * The task with its bytes at staging objects. While the store is away a task with an id is taken as running, so that it
 * is read again; `undefined` where the reply was all there is.
 */
async function toAcceptedTask(
  ports: ActivityPorts,
  step: SubmitStep,
  accepted: Accepted,
  taskId: string,
): Promise<AcceptedTask | undefined> {
  const { operation, snapshot } = accepted;
  try {
    const staged = await stageInline(ports, step.jobId, step.number, snapshot);
    return { taskId, operation, snapshot: staged };
  } catch (error) {
    const code = isMediaJobError(error) ? error.code : 'defect';
    ports.logger.error('the result inside a reply could not be staged', { ...idOf(step), code });
    if (accepted.taskId === undefined) return undefined;
    const { providerStatus } = snapshot;
    return { taskId, operation, snapshot: { status: 'running', providerStatus } };
  }
}

function idOf({ jobId, number }: SubmissionId): { jobId: string; number: number } {
  return { jobId, number };
}
