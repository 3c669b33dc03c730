import type { PreparedRequest } from '../core/accounts.ts';
import { typicalSeconds } from '../core/duration-profile.ts';
import type { DurationProfile } from '../core/duration-profile.ts';
import { RequestError } from '../core/errors.ts';
import type { Admission } from '../core/ledger.ts';
import { placeWaitMs } from '../core/places.ts';
import { identityOf } from './job-plan.ts';
import type { OpenJobStep } from './open-step.ts';
import type { ActivityPorts } from './ports.ts';
import { waitFor } from './wait.ts';

/** A job that may be submitted again for ever must end some day: `giveUpSeconds` bounds all that precedes acceptance. */
export function refuseWhenTooLate(
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

/** Asks again later; throws `request.gave_up` once the job has waited too long. */
export function waitForPlace(
  ports: ActivityPorts,
  step: OpenJobStep,
  prepared: PreparedRequest,
  lack: Extract<Admission, { kind: 'full' | 'paused' }>,
  profile: DurationProfile | undefined,
): Error {
  const reason = describeLack(lack, prepared);
  const left = millisecondsLeft(ports, step, prepared);
  if (left <= 0) return gaveUp(step, prepared, reason);
  const pauseMs = lack.kind === 'paused' ? Date.parse(lack.pause.until) - ports.clock() : 0;
  const waitMs = placeWaitMs({
    ahead: lack.kind === 'full' ? lack.ahead : 0,
    places: prepared.account.limits.concurrentTasks,
    typicalSeconds: profile === undefined ? undefined : typicalSeconds(profile),
  });
  const delayMs = Math.min(left, Math.max(0, pauseMs) + waitMs * (0.75 + Math.random() / 2));
  return waitFor('wait.place', `waiting for a place: ${reason}`, delayMs);
}

function describeLack(
  lack: Extract<Admission, { kind: 'full' | 'paused' }>,
  { account }: PreparedRequest,
): string {
  const { name, limits } = account;
  if (lack.kind === 'full') {
    const { ahead, taken } = lack;
    return `account ${name} has ${limits.concurrentTasks} places, ${taken} are taken and ${ahead} jobs go first`;
  }
  const { reason, since, until } = lack.pause;
  return `account ${name} is not submitted to until ${until}: ${reason} since ${since}`;
}
