import { prepareRequest } from '../core/accounts.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import { ERROR_CODES } from '../core/error-codes.ts';
import type { MediaRequest } from '../core/job.ts';
import { toLocalTaskId } from '../core/keys.ts';
import type { OutcomeRecord, SubmissionId } from '../core/ledger.ts';
import type { Accepted } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';
import { outcomeAsRecorded, outcomeOf } from './submission-view.ts';
import type { AcceptedTask, SubmitOutcome } from './submission-view.ts';

export interface SubmitStep extends SubmissionId {
  readonly request: MediaRequest;
  /** Deadline of the POST, milliseconds. */
  readonly timeoutMs: number;
}

/** How often, and how long in all, the outcome is offered to a ledger that does not take it. Milliseconds. */
const COMMIT_RETRY_DELAY_MS = 250;
const COMMIT_DEADLINE_MS = 8_000;
const TOO_LATE = 'the answer came after this number had been given up; its task is in the orphans';

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
  const armed = await arm(ports, step, prepared);
  if (armed !== 'armed') return armed;

  const submission = await prepared.provider.submit(prepared.providerRequest, {
    signal: AbortSignal.timeout(step.timeoutMs),
    apiKey: prepared.account.apiKey,
    timeoutMs: step.timeoutMs,
    logger: ports.logger,
    lastCheck: createLastCheck(ports, step),
  });

  switch (submission.outcome) {
    case 'accepted': {
      const task = await toAcceptedTask(ports, step, submission);
      heartbeat(task);
      return await conclude(
        ports,
        step,
        { outcome: 'accepted', ...task },
        { outcome: 'accepted', ...task },
      );
    }
    case 'rejected': {
      const { error } = submission;
      const final = ERROR_CODES[error.code].before === 'final';
      return await conclude(ports, step, { outcome: 'rejected', error, final }, submission);
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

/** No permission in the ledger, no POST: a ledger that is away refuses, too. */
async function arm(
  ports: ActivityPorts,
  step: SubmitStep,
  prepared: PreparedRequest,
): Promise<'armed' | SubmitOutcome> {
  const now = ports.clock();
  try {
    const answer = await ports.ledger.arm(step, {
      worker: ports.worker,
      keyId: prepared.account.keyId,
      deadlineAt: toIsoTime(now + step.timeoutMs),
      newestKnownTaskId: null,
      at: toIsoTime(now),
    });
    if (answer.kind === 'armed') return 'armed';
    const outcome = answer.submission === undefined ? undefined : outcomeOf(answer.submission);
    return outcome ?? notSent('the ledger has no admitted submission with this number');
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'ledger.unavailable') {
      return {
        outcome: 'rejected',
        error: { ...error.toReport(), details: { reason: 'not_sent' } },
      };
    }
    throw error;
  }
}

function notSent(message: string): SubmitOutcome {
  return {
    outcome: 'rejected',
    error: { code: 'provider.unavailable', message, details: { reason: 'not_sent' } },
  };
}

/**
 * A frozen process may wake long after the server gave it up. So time is measured twice, on the wall clock and on the
 * monotonic one, and the ledger is asked once more: another worker may have closed this door.
 */
function createLastCheck(ports: ActivityPorts, step: SubmitStep): () => Promise<boolean> {
  const wallDeadlineMs = ports.clock() + step.timeoutMs;
  const monotonicDeadlineMs = performance.now() + step.timeoutMs;
  const isInTime = (): boolean =>
    ports.clock() < wallDeadlineMs && performance.now() < monotonicDeadlineMs;
  return async () => {
    if (ports.isStopping() || !isInTime()) return false;
    const maySend = await ports.ledger.maySend(step, ports.worker);
    return maySend && isInTime() && !ports.isStopping();
  };
}

async function toAcceptedTask(
  ports: ActivityPorts,
  step: SubmitStep,
  accepted: Accepted,
): Promise<AcceptedTask> {
  const taskId = accepted.taskId ?? toLocalTaskId(step.jobId, step.number);
  const snapshot = await stageInline(ports, step.jobId, step.number, accepted.snapshot);
  return { taskId, operation: accepted.operation, snapshot };
}

/**
 * Writes the outcome to the ledger and returns it. A ledger that stays away does not change what happened: the outcome is
 * returned all the same, the history holds it, and the job's next ledger step writes it.
 */
async function conclude(
  ports: ActivityPorts,
  step: SubmissionId,
  record: OutcomeRecord,
  outcome: SubmitOutcome,
): Promise<SubmitOutcome> {
  const giveUpAtMs = performance.now() + COMMIT_DEADLINE_MS;
  for (;;) {
    try {
      const recorded = await ports.ledger.recordOutcome(step, record, toIsoTime(ports.clock()));
      return outcomeAsRecorded(recorded, outcome, TOO_LATE);
    } catch (error) {
      const isAway = isMediaJobError(error) && error.code === 'ledger.unavailable';
      if (!isAway || performance.now() >= giveUpAtMs) {
        ports.logger.error('the outcome of a submission could not be written to the ledger', {
          jobId: step.jobId,
          number: step.number,
          outcome: outcome.outcome,
        });
        return outcome;
      }
      await new Promise((resolve) => setTimeout(resolve, COMMIT_RETRY_DELAY_MS));
    }
  }
}
