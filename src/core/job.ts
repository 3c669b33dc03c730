import type { ErrorReport } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { Money, Quote } from './money.ts';

export type MediaKind = 'image' | 'video' | 'audio';

/**
 * What the caller asks for, in canonical words. A field that the model does not take is an error before money is
 * spent, never dropped; what is absent here is not sent, unless the API requires it.
 */
export interface MediaRequest {
  /** `<account>/<model>`, e.g. `nexusflow/wan2.6-t2v`. What follows the first `/` is the provider's model id. */
  readonly model: string;
  readonly prompt?: string;
  /** Seconds of output. */
  readonly durationSeconds?: number;
  /** Resolution tier, e.g. `720P`. */
  readonly resolution?: string;
  /** e.g. `16:9`. */
  readonly aspectRatio?: string;
  /** Pixels, e.g. `1024x1024`. */
  readonly size?: string;
  readonly imageUrls?: readonly string[];
  readonly videoUrl?: string;
  readonly audio?: boolean;
  readonly seed?: number;
  readonly watermark?: boolean;
  /** How many outputs. */
  readonly count?: number;
  readonly negativePrompt?: string;
  /** The API's own fields, by their own names. */
  readonly extra?: JsonObject;
}

/** The one argument of workflow `generateMedia`. The job id is the workflow id without its `job/`. */
export interface JobInput {
  readonly request: MediaRequest;
  readonly tenant?: string;
  readonly batch?: string;
  /** Start from this task, which exists already, instead of submitting. */
  readonly adoptTaskId?: string;
  /** Runs an ended job again, once for this decision. */
  readonly rerun?: JobRerun;
}

/** What is done again of a job that has ended. */
export interface JobRerun extends DecisionRecord {
  /** `submit`: buy anew under the next number. `store`: take up the task that the job has paid for; nothing is bought. */
  readonly from: 'submit' | 'store';
}

/** Who decided what, and why. The ledger adds the time. */
export interface Decision {
  readonly author: string;
  readonly reason: string;
}

/** A decision that is written once, however often the step that writes it runs. */
export interface DecisionRecord extends Decision {
  /** Unique. */
  readonly id: string;
}

/** What an operator decides about a submission of which nobody can tell whether it was accepted. */
export type Resolution =
  /** This is its task. */
  | { readonly kind: 'adopt'; readonly taskId: string }
  /** Submit once more, although the earlier submission may have been accepted, too. */
  | { readonly kind: 'resubmit' }
  /** Give the job up; its money stays `unknown`. */
  | { readonly kind: 'abandon' };

export type OpenStatus = 'opening' | 'submitting' | 'held' | 'queued' | 'running' | 'storing';
export type EndStatus = 'succeeded' | 'failed' | 'cancelled' | 'expired';
export type JobStatus = OpenStatus | EndStatus;

/** In the order in which a job passes through them. */
export const OPEN_STATUSES: readonly OpenStatus[] = [
  'opening',
  'submitting',
  'held',
  'queued',
  'running',
  'storing',
];
export const END_STATUSES: readonly EndStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];

export function isEndStatus(status: string): status is EndStatus {
  return (END_STATUSES as readonly string[]).includes(status);
}

/** A file that has been verified and published in our storage. */
export interface Artifact {
  /** Position among the task's outputs, from 0. */
  readonly index: number;
  /** Object key in the store. */
  readonly key: string;
  /** Where the store serves it, e.g. `file:///…`. */
  readonly url: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly mediaType: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationSeconds: number | null;
  /** Of the picture, else of the sound, e.g. `AVC`; `null` where nothing tells, absent in records of earlier releases. */
  readonly codec?: string | null;
  readonly framesPerSecond?: number | null;
  readonly frames?: number | null;
}

export type CostState = 'reserved' | 'charged' | 'estimated' | 'released' | 'unknown';

export interface Cost extends Money {
  readonly basis: string;
  readonly state: CostState;
}

export type HoldReason =
  | 'submit_unknown'
  | 'task_missing'
  | 'unauthorized'
  | 'unreadable'
  | 'provider_unavailable'
  /** An output's transfer took its worker down, again and again. */
  | 'crashing'
  /** An output could not be stored in the time its URL was sure to live. */
  | 'not_stored';

/** What the job waits for, for an operator. */
export interface Hold {
  readonly reason: HoldReason;
  /** Number of the submission it is about. */
  readonly number: number;
  /** ISO 8601. */
  readonly since: string;
  readonly evidence: JsonObject;
}

/** Public: printed by `pollux run --json`, returned by the client, written by `closeJob`. */
export interface JobResult {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly account: string;
  readonly provider: string;
  /** The provider's model id, without the account. */
  readonly model: string;
  readonly taskId: string | null;
  /** How many submissions there have been. */
  readonly submissions: number;
  /** A lower bound of the readings of the task. */
  readonly polls: number;
  readonly artifacts: readonly Artifact[];
  /** `null` where the model has no price. */
  readonly cost: Cost | null;
  readonly error: ErrorReport | null;
  readonly hold: Hold | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Present where somebody asked to cancel. */
  readonly cancelRequestedAt?: string;
}

/** A dated change of a job's state. */
export interface StateChange {
  /** ISO 8601. */
  readonly at: string;
  readonly status: JobStatus;
  /** For a person. */
  readonly note: string;
}

/** Answer of query `jobState`: the result so far, and where the job stands. */
export interface JobState extends JobResult {
  /** Percent, where the provider tells. */
  readonly progress: number | null;
  /** ISO 8601; when the task will be read next. */
  readonly nextPollAt: string | null;
  /** ISO 8601; when the provider forgets the task, by our clock minus a margin. */
  readonly taskExpiresAt: string | null;
  /** ISO 8601; when the result URL dies, by our clock minus a margin. */
  readonly urlExpiresAt: string | null;
  /** ISO 8601; a reading by then leaves time for the download. */
  readonly lastSafePollAt: string | null;
  /** ISO 8601; a download that starts by then ends in time. */
  readonly lastSafeDownloadAt: string | null;
  readonly history: readonly StateChange[];
}

/** For a state that nobody could be asked about: the facts that only a running workflow knows. */
export const NOT_LIVE: Pick<
  JobState,
  | 'progress'
  | 'nextPollAt'
  | 'taskExpiresAt'
  | 'urlExpiresAt'
  | 'lastSafePollAt'
  | 'lastSafeDownloadAt'
> = {
  progress: null,
  nextPollAt: null,
  taskExpiresAt: null,
  urlExpiresAt: null,
  lastSafePollAt: null,
  lastSafeDownloadAt: null,
};

/** A priced or unpriced request, as the client and `--dry-run` show it. */
export interface QuotedRequest {
  readonly request: MediaRequest;
  readonly quote: Quote | null;
}
