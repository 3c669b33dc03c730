export const PROVIDER_NAMES = ['nexusflow', 'rixapi', 'dieyuyun'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

export type JsonBody = Readonly<Record<string, unknown>>;

/** `expired` is what is left of a task that its provider has cleaned up. */
export type TaskStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'expired';

/** What a task will produce if it succeeds. */
export type MediaSpec =
  | {
      readonly kind: 'video';
      readonly width: number;
      readonly height: number;
      readonly durationSeconds: number;
    }
  | {
      readonly kind: 'image';
      readonly width: number;
      readonly height: number;
      readonly count: number;
      readonly format: 'png' | 'jpg';
    };

/** What the simulated provider bills for one task. Decimal string of integer micros. */
export interface Bill {
  readonly currency: string;
  readonly micros: string;
  readonly basis: string;
}

/** What a dialect reads out of an acceptable create. */
export interface CreateSpec {
  readonly model: string;
  readonly prompt: string;
  readonly media: MediaSpec;
  /** The reply to the create is the finished task. */
  readonly isSynchronous: boolean;
  readonly initialStatus: 'queued' | 'running';
  /** What the price depends on, besides the media. */
  readonly pricing: { readonly resolution?: string; readonly hasAudio?: boolean };
  readonly callbackUrl?: string;
  /** The finished task reports tokens. */
  readonly reportsTokens?: boolean;
  /** Results come inside the reply instead of by URL. */
  readonly isInline?: boolean;
}

/** How a task is going to end; decided when it is accepted, so that a restart changes nothing. */
export interface TaskPlan {
  readonly end: 'succeed' | 'fail' | 'expire' | 'never';
  readonly runsAtMs: number;
  readonly endsAtMs: number;
  readonly error?: string;
}

/** A task as accepted. Never changes; written to the log as it is. */
export interface TaskRecord {
  readonly id: string;
  readonly sequence: number;
  readonly provider: ProviderName;
  readonly keyHash: string;
  readonly user: string;
  readonly createdAtMs: number;
  readonly spec: CreateSpec;
  readonly plan: TaskPlan;
  readonly quote?: Bill;
}

/** Where the task is now. */
export interface TaskState {
  readonly status: TaskStatus;
  readonly changedAtMs: number;
  /** Only in a final state. */
  readonly endedAtMs?: number;
  readonly error?: string;
  readonly bill?: Bill;
}

export interface Task {
  readonly record: TaskRecord;
  state: TaskState;
}

export function isFinal(status: TaskStatus): boolean {
  return status !== 'queued' && status !== 'running';
}
