import { ApplicationFailure } from '@temporalio/common';
import type { Activities, ActivityPorts } from '../../../src/activities/index.ts';
import { prepareRequest } from '../../../src/core/accounts.ts';
import { toIsoTime } from '../../../src/core/clock.ts';
import type { OutcomeRecord } from '../../../src/core/ledger.ts';
import type { Weakness } from './world.ts';

/**
 * Designs that lack one guarantee each, made by wrapping ports and activities, never in product code. The harness must
 * catch every one of them; a harness that does not is blind.
 */

/** Submit as a plain activity that the server retries: no row, no last look, every failure is one more try. */
export const RETRIED_SUBMIT: Weakness = {
  retried: new Set(['submit']),
  activities: (activities, ports) => ({
    ...activities,
    submit: async (step) => {
      const { account, provider, providerRequest } = prepareRequest(ports.accounts, step.request);
      const submission = await provider.submit(providerRequest, {
        signal: AbortSignal.timeout(step.timeoutMs),
        apiKey: account.apiKey,
        timeoutMs: step.timeoutMs,
        logger: ports.logger,
        lastCheck: async () => true,
      });
      if (submission.outcome === 'rejected') return submission;
      if (submission.outcome === 'unknown') throw retryable(submission.evidence.reason);
      const { taskId = `local-${step.jobId}-${step.number}`, operation } = submission;
      const snapshot = { status: 'running', providerStatus: 'accepted' } as const;
      return { outcome: 'accepted', taskId, operation, snapshot };
    },
  }),
};

/** A permission to send is given whatever the row says. */
export const UNARMED: Weakness = {
  ledger: (ledger) => ({
    ...ledger,
    arm: async () => ({ kind: 'armed' }),
    maySend: async () => true,
  }),
};

/** Nobody looks at the row again before the wire. */
export const NO_LAST_LOOK: Weakness = {
  ledger: (ledger) => ({ ...ledger, maySend: async () => true }),
};

const AS_REJECTED: OutcomeRecord = {
  outcome: 'rejected',
  error: { code: 'provider.unavailable', message: 'it failed, so it is tried again', details: {} },
  final: false,
};

/** What nobody knows counts as failed. */
export const UNKNOWN_IS_REJECTED: Weakness = {
  ledger: (ledger) => ({
    ...ledger,
    recordOutcome: (id, outcome, at) =>
      ledger.recordOutcome(id, outcome.outcome === 'unknown' ? AS_REJECTED : outcome, at),
    settleSubmission: async (id, at) => {
      const row = await ledger.settleSubmission(id, at);
      if (row.state !== 'unknown') return row;
      await ledger.recordOutcome(id, AS_REJECTED, at);
      return await ledger.settleSubmission(id, at);
    },
  }),
  activities: (activities, ports) => ({
    ...activities,
    submit: async (step) => {
      const outcome = await activities.submit(step);
      return outcome.outcome === 'unknown' ? await settled(activities, ports, step) : outcome;
    },
  }),
};

async function settled(
  activities: Activities,
  ports: ActivityPorts,
  step: Parameters<Activities['submit']>[0],
): ReturnType<Activities['submit']> {
  await ports.ledger.settleSubmission(step, toIsoTime(ports.clock()));
  return await activities.awaitOutcome(step);
}

/** The newest task that nobody holds is taken for one's own, however many rivals and candidates there are. */
export const FIRST_CANDIDATE: Weakness = {
  ledger: (ledger) => ({ ...ledger, undecided: async () => [] }),
  listed: (tasks, owners) => {
    const first = tasks.findIndex((task) => !owners(task.taskId));
    return tasks.filter((task, index) => index === first || owners(task.taskId));
  },
};

function retryable(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'lost', message });
}
