import { createHash } from 'node:crypto';
import type { Timing } from '../core/account.ts';
import type { PreparedRequest } from '../core/accounts.ts';
import type { DurationProfile } from '../core/duration-profile.ts';
import { toDurationVariant } from '../core/durations.ts';
import type { DurationKey } from '../core/durations.ts';
import type { JobInput, MediaKind, MediaRequest } from '../core/job.ts';
import type { Quote } from '../core/money.ts';
import { firstPollDelayMs } from '../core/poll-schedule.ts';
import type { PollBounds } from '../core/poll-schedule.ts';
import type { ReadingPlan } from './follow.ts';
import type { ActivityPorts } from './ports.ts';

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
  readonly reading: ReadingPlan;
  readonly canCancel: boolean;
  readonly onUnknown: 'hold' | 'fail' | 'resubmit';
}

/** The plan as the workflow gets it. */
export function toPlan(
  jobId: string,
  input: JobInput,
  prepared: PreparedRequest,
  reading: ReadingPlan,
): JobPlan {
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
    reading,
    canCancel: provider.cancel !== undefined,
    onUnknown: account.onUnknown,
  };
}

/** Whose job it is. */
export function identityOf({
  account,
  provider,
  providerRequest,
}: PreparedRequest): Pick<JobPlan, 'account' | 'provider' | 'model'> {
  return { account: account.name, provider: provider.name, model: providerRequest.model };
}

/** What decides how long its task takes. */
export function toDurationKey({ account, providerRequest }: PreparedRequest): DurationKey {
  const variant = toDurationVariant(providerRequest);
  return { account: account.name, model: providerRequest.model, variant };
}

/** When the task is read, by what is known now. A task that runs already is read at once. */
export function toReadingPlan(
  ports: ActivityPorts,
  jobId: string,
  input: JobInput,
  prepared: PreparedRequest,
  profile: DurationProfile | undefined,
): ReadingPlan {
  const { model, variant } = toDurationKey(prepared);
  const bounds = toPollBounds(ports, prepared);
  const isAdopted = input.adoptTaskId !== undefined;
  const firstPollMs = isAdopted ? 0 : firstPollDelayMs(bounds, profile, 0, toJitter(jobId));
  return { bounds, model, variant, firstPollMs };
}

/** In [0, 1), the same whenever it is asked for. */
function toJitter(jobId: string): number {
  return createHash('sha256').update(jobId).digest().readUInt32BE() / 2 ** 32;
}

function toPollBounds(
  { callbackUrls }: ActivityPorts,
  { account, provider, timing }: PreparedRequest,
): PollBounds {
  const { firstPollSeconds, minPollSeconds, maxPollSeconds } = timing;
  return {
    firstPollSeconds,
    minPollSeconds,
    maxPollSeconds: Math.max(minPollSeconds, maxPollSeconds),
    isMaxFixed: account.timing.maxPollSeconds !== undefined,
    hasCallbacks: callbackUrls !== undefined && provider.callback !== undefined,
  };
}
