import type { MediaRequest } from './job.ts';
import type { SubmissionId } from './ledger-records.ts';

/** What decides how long a task takes, as far as it is known beforehand. */
export interface DurationKey {
  readonly account: string;
  /** The provider's model id. */
  readonly model: string;
  /** The request's parameters that matter, as {@link toDurationVariant} tells them. */
  readonly variant: string;
}

/** How long one succeeded task took: between two readings, seconds since arming. */
export interface ObservedDuration {
  /** Age at the last reading that showed it unfinished; 0 where none did. */
  readonly unfinishedSeconds: number;
  /** Age at the reading that showed its end; at least {@link unfinishedSeconds}. */
  readonly finishedSeconds: number;
}

/** Which observed durations: of one variant, or of all variants of a model. */
export type DurationFilter = Pick<DurationKey, 'account' | 'model'> & { readonly variant?: string };

/** How long tasks took so far. Statistics: what is lost here costs polls, never a job. */
export interface DurationBook {
  /** Keeps one duration per submission. Run twice: the first stays. `ledger.unavailable`. */
  recordDuration(
    submission: SubmissionId,
    key: DurationKey,
    observed: ObservedDuration,
    at: string,
  ): Promise<void>;
  /** The newest, newest first, at most `limit`. */
  durations(filter: DurationFilter, limit: number): Promise<readonly ObservedDuration[]>;
}

/** Parameters on which the work depends, under the names that the models use for them. */
const MATTERING: readonly (keyof MediaRequest)[] = [
  'durationSeconds',
  'resolution',
  'size',
  'count',
  'audio',
];
/** The same inside `extra`, as gateways name them. */
const MATTERING_EXTRA: readonly string[] = [
  'duration',
  'resolution',
  'size',
  'quality',
  'mode',
  'n',
];
const MAX_VARIANT_LENGTH = 200;

/** The request's parameters that matter for how long its task takes, as one short text. Never a prompt, never a URL. */
export function toDurationVariant(request: MediaRequest): string {
  const given = MATTERING.map((name) => [name, request[name]] as const);
  const extra = MATTERING_EXTRA.map((name) => [`extra.${name}`, request.extra?.[name]] as const);
  return [...given, ...extra]
    .flatMap(([name, value]) => (isPlain(value) ? [`${name}=${String(value)}`] : []))
    .join(' ')
    .slice(0, MAX_VARIANT_LENGTH);
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
