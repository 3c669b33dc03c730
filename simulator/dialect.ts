import type { IncomingHttpHeaders } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { Settings } from './options.ts';
import type { CreateSpec, JsonBody, ProviderName, Task } from './task.ts';

/** One API as its documents describe it: paths, fields, words and envelopes. Holds no state. */
export interface Dialect {
  readonly provider: ProviderName;
  /** `path` is without the prefix that names the provider. */
  route(method: string, path: string, query: URLSearchParams): Route | undefined;
  apiKey(headers: IncomingHttpHeaders): string | undefined;
  parse(body: JsonBody, path: string, settings: Settings): CreateSpec | Refusal;
  created(task: Task, view: View): Reply;
  read(task: Task, view: View): Reply;
  list?(tasks: readonly Task[], view: View): Reply;
  error(refusal: Refusal): Reply;
  /** What an id answers that is no longer known; absent where that is an ordinary reading. */
  readonly hidesGoneTasks: boolean;
}

export type Route =
  | { readonly operation: 'create' }
  | { readonly operation: 'read' | 'cancel'; readonly taskId: string }
  | { readonly operation: 'list'; readonly limit: number };

export interface Refusal {
  readonly status: number;
  /** Default: the provider's word for the status. */
  readonly code?: string;
  readonly message: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface View {
  readonly settings: Settings;
  readonly nowMs: number;
  readonly files: FilePlace;
}

/** What result addresses are made of. */
export interface FilePlace {
  /** Where this server can be reached by the one who asks. */
  readonly origin: string;
  /** The address is signed and dies then, milliseconds since 1970. */
  readonly diesAtMs?: number;
}

export function isRefusal(value: CreateSpec | Refusal): value is Refusal {
  return 'message' in value;
}

export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Result addresses, in order. */
export function outputUrls({ record }: Task, { origin, diesAtMs }: FilePlace): readonly string[] {
  const { media } = record.spec;
  const query = diesAtMs === undefined ? '' : `?dies=${diesAtMs}`;
  const [count, format] = media.kind === 'video' ? [1, 'mp4'] : [media.count, media.format];
  return Array.from(
    { length: count },
    (_, index) => `${origin}/files/${record.id}-${index}.${format}${query}`,
  );
}

/** Percent of the planned time that has gone by; 100 only for a task that succeeded. */
export function progressOf(task: Task, nowMs: number): number {
  const { record, state } = task;
  if (state.status === 'succeeded') return 100;
  if (state.status === 'queued') return 0;
  const { runsAtMs, endsAtMs } = record.plan;
  const atMs = state.endedAtMs ?? nowMs;
  const share = (atMs - runsAtMs) / Math.max(1, endsAtMs - runsAtMs);
  return Math.max(0, Math.min(99, Math.floor(share * 100)));
}

export function isoMilliseconds(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function unixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

export function requestId(): string {
  return `req_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
}
