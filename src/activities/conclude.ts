import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { OutcomeRecord, RecordedOutcome, SubmissionId } from '../core/ledger.ts';
import type { ActivityPorts } from './ports.ts';
import { outcomeAsRecorded } from './submission-view.ts';
import type { SubmitOutcome } from './submission-view.ts';

/** How often, and how long in all, the outcome is offered to a ledger that does not take it. Milliseconds. */
const COMMIT_RETRY_DELAY_MS = 250;
const COMMIT_DEADLINE_MS = 8_000;
const TOO_LATE = 'the answer came after this number had been given up; its task is in the orphans';

/**
 * Writes the outcome to the ledger and returns it. A ledger that stays away does not change what happened: the outcome
 * goes to the spool and is returned all the same, so that the history holds it, too.
 */
export async function conclude(
  ports: ActivityPorts,
  submission: SubmissionId,
  record: OutcomeRecord,
  outcome: SubmitOutcome,
): Promise<SubmitOutcome> {
  const recorded = await offerToLedger(ports, submission, record);
  if (recorded !== undefined) return outcomeAsRecorded(recorded, outcome, TOO_LATE);
  await spool(ports, submission, record);
  return outcome;
}

/** The reply was all there is of the result, and the store does not take it: the spool keeps it until the store does. */
export async function keepInlineResult(
  ports: ActivityPorts,
  submission: SubmissionId,
  record: Extract<OutcomeRecord, { outcome: 'accepted' }>,
): Promise<SubmitOutcome> {
  const isKept = await spool(ports, submission, record);
  const where = isKept
    ? `it is in the spool of worker ${ports.worker}`
    : 'the spool did not take it either';
  const reason = `the reply held the result itself and the artifact store was away; ${where}`;
  const evidence = { reason, worker: ports.worker };
  return await conclude(
    ports,
    submission,
    { outcome: 'unknown', evidence: { reason } },
    { outcome: 'unknown', evidence },
  );
}

async function offerToLedger(
  ports: ActivityPorts,
  { jobId, number }: SubmissionId,
  record: OutcomeRecord,
): Promise<RecordedOutcome | undefined> {
  const giveUpAtMs = performance.now() + COMMIT_DEADLINE_MS;
  for (;;) {
    try {
      const work = ports.ledger.recordOutcome({ jobId, number }, record, toIsoTime(ports.clock()));
      return await within(work, giveUpAtMs - performance.now());
    } catch (error) {
      const code = isMediaJobError(error) ? error.code : 'defect';
      if (code !== 'ledger.unavailable' || performance.now() >= giveUpAtMs) {
        ports.logger.error('the outcome of a submission could not be written to the ledger', {
          jobId,
          number,
          outcome: record.outcome,
          code,
        });
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, COMMIT_RETRY_DELAY_MS));
    }
  }
}

/** A ledger that hangs must leave time for the spool. What it does later is harmless: the same outcome again. */
async function within<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(1, limitMs), undefined);
  });
  try {
    work.catch(() => undefined);
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A worker that can keep an outcome nowhere must not buy anything more. */
async function spool(
  ports: ActivityPorts,
  { jobId, number }: SubmissionId,
  outcome: OutcomeRecord,
): Promise<boolean> {
  const { worker } = ports;
  try {
    await ports.spool.append({ jobId, number, outcome, worker, at: toIsoTime(ports.clock()) });
    ports.logger.warn('the outcome of a submission is in the spool', { jobId, number });
    return true;
  } catch (error) {
    const code = isMediaJobError(error) ? error.code : 'defect';
    ports.gate.shut(
      `the spool of worker ${worker} takes no record (${code}); nothing is submitted`,
    );
    ports.logger.error('the spool took no record: this worker submits nothing until it does', {
      jobId,
      number,
      code,
    });
    return false;
  }
}
