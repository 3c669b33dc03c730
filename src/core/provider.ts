import type { Timing } from './account.ts';
import type { ErrorReport } from './errors.ts';
import type { RequestIssue } from './request-issue.ts';
import type { MediaKind, MediaRequest } from './job.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Logger } from './logger.ts';
import type { Price, Quote } from './money.ts';
import type { Secret } from './secret.ts';

/**
 * One provider as one account uses it: base URL, currency and prices are bound when it is made.
 *
 * Laws, checked by the provider contract suite:
 * - `submit` sends at most one POST, follows no redirect and repeats nothing.
 * - No method loops, sleeps, retries or reads the environment.
 * - Every expected answer is a value; a thrown error is a defect, or an abort of `context.signal`.
 * - A capability is a member that is present or absent, never faked.
 */
export interface Provider {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly models: ModelCatalogue;
  /**
   * Every rule that the request breaks; empty means it can be sent. Pure.
   * `request.model` is the provider's model id here and in every other member.
   */
  validate(request: MediaRequest): readonly RequestIssue[];
  /** Pure; `undefined` means unpriced. Expects a request that {@link validate} has passed. */
  quote(request: MediaRequest): Quote | undefined;
  /**
   * What a succeeded task costs by the quantity that the provider printed, where the request alone has no price: tokens.
   * Pure; `undefined` where {@link quote} tells the price, the price list has none or the snapshot prints no quantity.
   */
  bill?(request: MediaRequest, snapshot: Snapshot): Quote | undefined;
  /** One POST. `context.lastCheck` runs after the body is serialised and the connection stands, right before the first byte. */
  submit(request: MediaRequest, context: SubmitContext): Promise<Submission>;
  /** One GET of the task. */
  read(operation: Operation, context: CallContext): Promise<Reading>;
  /** The operation of a task that was created elsewhere. Pure. */
  operationOf(taskId: string, request: MediaRequest): Operation;
  /** The task that a reply names which was cut or could not be read whole. Pure; `undefined` where it names none for sure. */
  salvage?(evidence: SubmitEvidence): SalvagedTask | undefined;
  /** Asks the provider to stop a task. One call. */
  cancel?(operation: Operation, context: CallContext): Promise<CancelAnswer>;
  /** The realm's newest tasks, newest first. One GET. */
  list?(window: ListWindow, context: CallContext): Promise<ListAnswer>;
  readonly callback?: CallbackSupport;
}

/** Opaque JSON of the adapter: all it needs to read or cancel the task. */
export type Operation = JsonObject;

export interface CallContext {
  /** Ends the call; the caller's own deadline is bound to it. */
  readonly signal: AbortSignal;
  readonly apiKey: Secret;
  /** Milliseconds this call may take in all. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

export interface SubmitContext extends CallContext {
  /**
   * Last act before the wire, on a connection that stands. `false` means: send nothing, answer `rejected` with reason
   * `not_sent`.
   */
  readonly lastCheck: () => Promise<boolean>;
  /** Where the provider should announce changes; only for providers with {@link Provider.callback}. */
  readonly callbackUrl?: string;
}

export type Submission = Accepted | Rejected | Unknown;

/** There is a task. */
export interface Accepted {
  readonly outcome: 'accepted';
  /** Absent where a terminal reply named none: the task then gets a local id. */
  readonly taskId: string | undefined;
  readonly operation: Operation;
  readonly snapshot: Snapshot;
}

/** Proved: no task exists. */
export interface Rejected {
  readonly outcome: 'rejected';
  /** The error table decides by this code whether the job submits again. `details.reason` is `not_sent` where no byte left. */
  readonly error: ErrorReport;
  /** What `Retry-After` asked for, clamped. */
  readonly retryAfterMs?: number;
}

/** A task may exist. */
export interface Unknown {
  readonly outcome: 'unknown';
  readonly evidence: SubmitEvidence;
}

/** What is known of a submission whose outcome is not. Holds raw bytes: sealed in the ledger, never logged. */
export interface SubmitEvidence {
  /** For a person: what happened. */
  readonly reason: string;
  readonly httpStatus?: number;
  /** The bytes that came, as text, at most 4 KiB. */
  readonly body?: string;
}

/** A task of which a broken reply told the id. */
export interface SalvagedTask {
  readonly taskId: string;
  readonly operation: Operation;
}

export type TaskStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'expired';

/** True for a status that no later reading changes. */
export function isTerminal(status: TaskStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** One normalised reading of a task. JSON-plain. */
export interface Snapshot {
  readonly status: TaskStatus;
  /** The provider's own word. */
  readonly providerStatus: string;
  /** Percent. */
  readonly progress?: number;
  /** Only where `succeeded`. */
  readonly outputs?: readonly TaskOutput[];
  /** Only where `failed`, `cancelled` or `expired`. */
  readonly error?: ErrorReport;
  /** False where a failure does not prove that nothing is owed. */
  readonly failureProvesNoCharge?: boolean;
  /** The provider's model id, where it prints one: tells whose task an id from elsewhere is. */
  readonly model?: string;
  /** The provider's stamps as ISO 8601, for the record; they may only shorten our own clocks. */
  readonly createdAt?: string;
  readonly completedAt?: string;
  /** As the provider printed it, for the record. */
  readonly usage?: JsonValue;
  /** Seconds of output, where the provider states them. */
  readonly statedSeconds?: number;
}

export type TaskOutput =
  | { readonly source: 'url'; readonly url: string; readonly kind: MediaKind | undefined }
  /** Came inside the reply; an activity moves it to a staging object before it crosses Temporal. */
  | { readonly source: 'inline'; readonly base64: string; readonly kind: MediaKind | undefined }
  | { readonly source: 'staged'; readonly key: string; readonly kind: MediaKind | undefined };

/** Answer of one read: the task's state, or why it could not be told. */
export type Reading =
  | { readonly outcome: 'read'; readonly snapshot: Snapshot }
  | {
      readonly outcome: 'trouble';
      readonly trouble: ReadTrouble;
      readonly error: ErrorReport;
      readonly retryAfterMs?: number;
    };

export type ReadTrouble =
  'task_missing' | 'unauthorized' | 'rate_limited' | 'provider_unavailable' | 'unreadable';

export type CancelAnswer =
  | { readonly outcome: 'requested' }
  /** The task is past stopping, or the provider refuses. Follow it to its end. */
  | { readonly outcome: 'refused'; readonly error: ErrorReport }
  /** The call failed; asking again is harmless. */
  | { readonly outcome: 'trouble'; readonly error: ErrorReport; readonly retryAfterMs?: number };

export interface ListWindow {
  readonly limit: number;
}

export type ListAnswer =
  | {
      readonly outcome: 'listed';
      readonly tasks: readonly TaskSummary[];
      readonly isWholePage: boolean;
    }
  | { readonly outcome: 'trouble'; readonly error: ErrorReport; readonly retryAfterMs?: number };

export interface TaskSummary {
  readonly taskId: string;
  readonly model: string | undefined;
  readonly status: TaskStatus;
  readonly createdAt: string | undefined;
}

export interface CallbackSupport {
  /** The field of the create body that takes the URL. */
  readonly urlField: string;
  /** How the provider signs what it sends; absent where it does not. What should be signed and is not is refused. */
  readonly signature?: 'standard-webhooks';
  /** A callback's body as a hint; `undefined` for anything unreadable. Never the truth about the task. */
  parse(rawBody: string): CallbackHint | undefined;
}

export interface CallbackHint {
  readonly taskId: string;
  /** True where the callback says that the task goes on: no reading is worth while because of it. */
  readonly isUnfinished?: boolean;
}

/** Declared facts about an API. */
export interface Capabilities {
  readonly submitRepair: 'list-by-position' | 'callback' | 'none';
  readonly syncResultPossible: boolean;
  /** The longest time between a POST and its row in the list; `undefined`: absence proves nothing. */
  readonly listBoundSeconds: number | undefined;
  /** How many tasks one list call can show. */
  readonly listPageSize: number | undefined;
  readonly readScope: 'key' | 'realm';
  readonly cancelWhen: 'unfinished' | undefined;
  readonly cancelDeletesFinished: boolean;
  readonly progress: 'percent' | 'synthetic' | 'none';
  readonly resultRefreshable: boolean;
  /** How long a fresh id may answer "not found" to a read. */
  readonly visibilityLagSeconds: number | undefined;
  readonly chargesOnFailure: 'no' | 'unknown';
  readonly currencies: readonly string[];
}

export interface ModelCatalogue {
  /** The models with documented parameters. */
  list(): readonly Model[];
  /** The model with this id; a gateway that passes models through answers for every id. */
  find(id: string): Model | undefined;
}

export interface Model {
  readonly id: string;
  /** `undefined` where only the result tells. */
  readonly kind: MediaKind | undefined;
  /** JSON Schema (draft 2020-12) of the canonical parameters this model takes. */
  readonly parameters: JsonObject;
  /** In the account's currency first; the account's own prices replace the catalogue's. */
  readonly prices: readonly Price[];
  /** Clocks and poll hints of this model. */
  readonly timing: Partial<Timing>;
}
