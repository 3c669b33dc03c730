import { createHash } from 'node:crypto';
import { htmlAnswer, jsonAnswer, type Answer, type Call } from './call.ts';
import type { Fault, FaultRules } from './faults.ts';
import { renderFile } from './media/render.ts';
import type { SimulatorLog } from './log.ts';
import type { Settings } from './options.ts';
import type { TaskBook } from './task-book.ts';
import type { Task } from './task.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  png: 'image/png',
  jpg: 'image/jpeg',
};
const RECENT_FILES = 16;

export type FileShelf = (call: Call) => Answer;

interface FoundFile {
  readonly task: Task;
  readonly index: number;
  readonly mediaType: string;
}

/** Serves results: whole or a range, until their URL's life is over. No key is asked for. */
export function createFileShelf(
  settings: Settings,
  log: SimulatorLog,
  book: TaskBook,
  faults: FaultRules,
): FileShelf {
  const recent = new Map<string, Buffer>();

  function bytesOf(task: Task, index: number): Buffer {
    const name = `${task.record.id}-${index}`;
    const bytes = recent.get(name) ?? renderFile(task.record, index);
    recent.delete(name);
    recent.set(name, bytes);
    const oldest = recent.keys().next().value;
    if (recent.size > RECENT_FILES && oldest !== undefined) recent.delete(oldest);
    return bytes;
  }

  function find(path: string): FoundFile | undefined {
    const match = /^\/files\/(.+)-(\d+)\.(mp4|png|jpg)$/.exec(path);
    const task = book.findAny(match?.[1] ?? '');
    if (task === undefined) return undefined;
    const { media } = task.record.spec;
    const index = Number(match?.[2]);
    const extension = media.kind === 'video' ? 'mp4' : media.format;
    const count = media.kind === 'video' ? 1 : media.count;
    const isRight = match?.[3] === extension && index < count;
    return isRight ? { task, index, mediaType: MEDIA_TYPES[extension] ?? '' } : undefined;
  }

  return (call) => {
    if (call.method !== 'GET' && call.method !== 'HEAD') return jsonAnswer(405, 'GET or HEAD only');
    const found = find(call.path);
    if (found === undefined) return missing();
    book.advance(found.task);
    const answer = answerFor(call, found);
    const { provider, id } = found.task.record;
    const status = answer.kind === 'reply' ? answer.status : 0;
    log.append({ kind: 'file', provider, taskId: id, status }, settings.nowMs());
    return answer;
  };

  function answerFor(call: Call, { task, index, mediaType }: FoundFile): Answer {
    const { provider, spec } = task.record;
    const fault = faults.take({
      provider,
      operation: 'file',
      model: spec.model,
      prompt: spec.prompt,
    });
    const instead = insteadOfFile(fault);
    if (instead !== undefined) return instead;
    if (!isAvailable(task) || isDead(call.query.get('dies'))) return missing();
    const answer = serve(call, bytesOf(task, index), mediaType);
    if (answer.kind !== 'reply') return answer;
    if (fault?.kind === 'slow') return { ...answer, delayMs: fault.ms };
    return fault?.kind === 'truncate' ? { ...answer, truncateBytes: fault.bytes } : answer;
  }

  function isDead(diesAtMs: string | null): boolean {
    return diesAtMs !== null && settings.nowMs() >= Number(diesAtMs);
  }

  function isAvailable({ state }: Task): boolean {
    const hasResult = state.status === 'succeeded' && state.endedAtMs !== undefined;
    return hasResult && settings.nowMs() < state.endedAtMs + settings.urlLifeMs;
  }
}

function insteadOfFile(fault: Fault | undefined): Answer | undefined {
  switch (fault?.kind) {
    case 'drop_reply':
    case 'reset_before':
      return { kind: 'destroy' };
    case 'html':
      return htmlAnswer(fault.status ?? 200);
    case 'status':
      return jsonAnswer(fault.status, fault.body ?? 'simulated answer', fault.headers);
    case 'not_found':
    case 'expire_task':
      return missing();
    case 'slow':
    case 'accept_late':
    case 'truncate':
    case 'fail_task':
    case 'stuck_task':
    case undefined:
      return undefined;
  }
}

function missing(): Answer {
  return jsonAnswer(404, 'no such file, or its address has expired');
}

function serve(call: Call, bytes: Buffer, mediaType: string): Answer {
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
  const headers = { 'content-type': mediaType, etag, 'accept-ranges': 'bytes' };
  const ifRange = call.headers['if-range'];
  const isRangeWanted = ifRange === undefined || ifRange === etag;
  const range = isRangeWanted ? rangeOf(call.headers.range, bytes.length) : undefined;
  if (range === undefined) return { kind: 'reply', status: 200, headers, body: bytes };
  if (range === 'unsatisfiable') {
    const content = { 'content-range': `bytes */${bytes.length}` };
    return {
      kind: 'reply',
      status: 416,
      headers: { ...headers, ...content },
      body: Buffer.alloc(0),
    };
  }
  const content = { 'content-range': `bytes ${range.first}-${range.last}/${bytes.length}` };
  const body = bytes.subarray(range.first, range.last + 1);
  return { kind: 'reply', status: 206, headers: { ...headers, ...content }, body };
}

/** One byte range; several, or nonsense, count as none (RFC 9110, section 14.2). */
function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '' ? Number(match[2]) : undefined;
  const first = suffix === undefined ? Number(match[1]) : Math.max(0, sizeBytes - suffix);
  const asked = suffix === undefined && match[2] !== '' ? Number(match[2]) : sizeBytes - 1;
  const last = Math.min(asked, sizeBytes - 1);
  if (suffix === undefined && match[2] !== '' && asked < first) return undefined;
  return first >= sizeBytes || suffix === 0 ? 'unsatisfiable' : { first, last };
}
