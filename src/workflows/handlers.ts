import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { Decision } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { cancelJob, extendLife, jobState, pollNow, providerNotified } from './messages.ts';
import type { LifeExtension, PollAnswer, ProviderNotification } from './messages.ts';
import { handleNotification } from './notifications.ts';
import { registerResolve } from './resolve-handler.ts';
import { requireDecision } from './message-arguments.ts';

/** Longest extension one update may ask for: a week. */
const MAX_EXTENSION_SECONDS = 604_800;

/** Registers every message before the first await, so that none is lost whenever it arrives. */
export function registerHandlers(record: JobRecord, control: JobControl): void {
  setHandler(jobState, () => record.toState(), {
    description: 'The result so far, and where the job stands.',
  });
  setHandler(
    providerNotified,
    (notification: ProviderNotification) => handleNotification(record, control, notification),
    { description: 'A callback arrived: read the task soon.' },
  );
  setHandler(
    cancelJob,
    (decision: Decision) => {
      const at = record.facts.cancelRequestedAt ?? new Date().toISOString();
      control.requestCancel({ ...decision, at, byTemporal: false });
      markCancel(record, at, `${decision.author} asked to cancel: ${decision.reason}`);
      return { cancelRequestedAt: at };
    },
    {
      validator: (decision: Decision) => {
        refuseWhenEnded(record, 'cancel');
        requireDecision(decision);
      },
      description:
        'Ends the job where no task exists; otherwise asks the provider and follows on. Takes {author, reason}.',
    },
  );
  setHandler(
    pollNow,
    (): PollAnswer => {
      control.wake();
      return 'accepted';
    },
    {
      validator: () => {
        refuseWhenEnded(record, 'poll');
        const { status } = record.facts;
        if (status === 'opening' || status === 'submitting') {
          throw new Error(`there is no task to read while the job is ${status}`);
        }
      },
      description: 'Reads the task soon, or tries a held step again.',
    },
  );
  setHandler(
    extendLife,
    (extension: LifeExtension) => {
      control.extendLife(extension.seconds);
      return extension;
    },
    {
      validator: (extension: LifeExtension) => {
        refuseWhenEnded(record, 'extend');
        const { status } = record.facts;
        if (status === 'opening' || status === 'submitting') {
          throw new Error(`the task's life has not begun while the job is ${status}`);
        }
        requireSeconds(extension);
      },
      description: `Gives the job more time before it counts as expired. Takes {seconds}, at most ${MAX_EXTENSION_SECONDS}.`,
    },
  );
  registerResolve(record, control);
  noticeTemporalCancellation(record, control);
}

/** Temporal's own cancellation is one more way to ask; it never interrupts a step by itself. */
function noticeTemporalCancellation(record: JobRecord, control: JobControl): void {
  CancellationScope.current().cancelRequested.catch(() => {
    const at = new Date().toISOString();
    control.requestCancel({
      author: 'temporal',
      reason: 'the workflow was cancelled',
      at,
      byTemporal: true,
    });
    markCancel(record, at, 'the workflow was cancelled');
  });
}

function markCancel(record: JobRecord, at: string, note: string): void {
  record.update({ cancelRequestedAt: record.facts.cancelRequestedAt ?? at }, note);
}

function refuseWhenEnded(record: JobRecord, verb: string): void {
  const { status } = record.facts;
  if (isEndStatus(status))
    throw new Error(`the job has ended (${status}); there is nothing to ${verb}`);
}

function requireSeconds(value: unknown): void {
  const { seconds } = (value ?? {}) as { seconds?: unknown };
  const isValid = typeof seconds === 'number' && seconds > 0 && seconds <= MAX_EXTENSION_SECONDS;
  if (!isValid) {
    throw new Error(
      `seconds must be a number from 1 to ${MAX_EXTENSION_SECONDS}; send {"seconds": 3600}`,
    );
  }
}
