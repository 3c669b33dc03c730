import { setTimeout as wait } from 'node:timers/promises';
import { htmlAnswer, jsonAnswer, type Answer, type Call } from './call.ts';
import { isRefusal, type Dialect, type Refusal, type Reply, type View } from './dialect.ts';
import type { Fault, FaultRules } from './faults.ts';
import { objectOf, textOf } from './fields.ts';
import { keyHashOf, type SimulatorLog } from './log.ts';
import type { Settings } from './options.ts';
import { createRateLimit } from './rate-limit.ts';
import type { NewTask, TaskBook } from './task-book.ts';
import { isFinal, type JsonBody, type Task, type TaskPlan } from './task.ts';

export interface Desk {
  readonly settings: Settings;
  readonly log: SimulatorLog;
  readonly book: TaskBook;
  readonly faults: FaultRules;
}

/** Who calls, once the key has been accepted. */
interface Caller {
  readonly keyHash: string;
  readonly user: string;
}

export type ProviderDesk = (dialect: Dialect, call: Call) => Promise<Answer>;

/** Answers the documented calls of one dialect, and does what the fault rules ask. */
export function createProviderDesk(desk: Desk): ProviderDesk {
  const { settings, log, book, faults } = desk;
  const creates = createRateLimit(settings.createsPerMinute, settings.minuteMs);
  const reads = createRateLimit(settings.readsPerMinute, settings.minuteMs);

  async function create(dialect: Dialect, call: Call): Promise<Answer> {
    const body = parseJson(call.body);
    const caller = callerOf(settings, dialect, call);
    const input = objectOf(body?.['input']);
    const model = textOf(body ?? {}, 'model');
    const prompt = textOf(body ?? {}, 'prompt') ?? textOf(input ?? {}, 'prompt');
    const fault = faults.take({
      provider: dialect.provider,
      operation: 'create',
      ...(model === undefined ? {} : { model }),
      ...(prompt === undefined ? {} : { prompt }),
    });

    const refuse = (reason: string, answer: Answer): Answer => {
      log.append(
        {
          kind: 'refused',
          provider: dialect.provider,
          ...(model === undefined ? {} : { model }),
          ...(body === undefined ? {} : { body }),
          ...(caller === undefined ? {} : { key: caller.keyHash }),
          ...(answer.kind === 'reply' ? { status: answer.status } : {}),
          reason,
        },
        settings.nowMs(),
      );
      return answer;
    };

    const instead = insteadOfWork(dialect, fault, 'model_not_found');
    if (instead !== undefined) return refuse(`fault ${fault?.kind ?? ''}`, instead);
    if (caller === undefined) return refuse('key', refusal(dialect, WRONG_KEY));
    if (body === undefined) {
      const isTooLarge = call.body === undefined;
      const message = isTooLarge
        ? 'The request body is too large'
        : 'The body must be a JSON object';
      return refuse(message, refusal(dialect, { status: isTooLarge ? 413 : 400, message }));
    }
    const spec = dialect.parse(body, call.path, settings);
    if (isRefusal(spec)) return refuse(spec.message, refusal(dialect, spec));
    const limitedMs = creates.take(caller.keyHash, settings.nowMs());
    if (limitedMs > 0) return refuse('rate limit', tooMany(dialect, limitedMs));

    const error = fault?.kind === 'fail_task' ? fault.error : undefined;
    const newTask: NewTask = {
      provider: dialect.provider,
      ...caller,
      spec,
      body,
      end: endOf(fault),
      ...(error === undefined ? {} : { error }),
    };
    if (fault?.kind === 'accept_late' && fault.isDropped === true) {
      void book.acceptLater(newTask, fault.delayMs).then(logDroppedReply);
      return { kind: 'destroy' };
    }
    const task =
      fault?.kind === 'accept_late'
        ? await book.acceptLater(newTask, fault.delayMs)
        : book.accept(newTask);
    if (spec.isSynchronous) await waitForEnd(task);
    if (fault?.kind === 'drop_reply') logDroppedReply(task);
    return afterWork(dialect, fault, dialect.created(task, viewOf(call)));
  }

  function logDroppedReply({ record }: Task): void {
    const { provider, id, spec } = record;
    log.append(
      { kind: 'reply_dropped', provider, taskId: id, model: spec.model },
      settings.nowMs(),
    );
  }

  async function waitForEnd(task: Task): Promise<void> {
    const { plan, createdAtMs } = task.record;
    await log.flush();
    await wait(plan.endsAtMs - createdAtMs, undefined, { ref: false });
    book.advance(task);
    // With an injected clock the planned moment may not have come: a synchronous task ends with its wait.
    if (!isFinal(task.state.status)) {
      book.end(task, plan.end === 'fail' ? 'failed' : 'succeeded', plan.error);
    }
  }

  function onTask(
    dialect: Dialect,
    call: Call,
    operation: 'read' | 'cancel',
    taskId: string,
  ): Answer {
    const caller = callerOf(settings, dialect, call);
    const task = book.find(dialect.provider, taskId);
    const about = task?.record.spec;
    const fault = faults.take({
      provider: dialect.provider,
      operation,
      ...(about === undefined ? {} : { model: about.model, prompt: about.prompt }),
    });
    const instead = insteadOfWork(dialect, fault, 'task_not_found');
    if (instead !== undefined) return instead;
    if (caller === undefined) return refusal(dialect, WRONG_KEY);
    const limitedMs = reads.take(caller.keyHash, settings.nowMs());
    if (limitedMs > 0) return tooMany(dialect, Math.min(limitedMs, 2000));
    if (task === undefined || !isVisible(dialect, task, caller))
      return unknownTask(dialect, taskId);

    book.advance(task, operation === 'read');
    if (fault?.kind === 'fail_task' && !isFinal(task.state.status)) {
      book.end(task, 'failed', fault.error ?? 'Task query failed (HTTP 500)');
    }
    if (fault?.kind === 'expire_task') book.end(task, 'expired');
    const isOver = isFinal(task.state.status) || book.isGone(task);
    const isCancelRefused = operation === 'cancel' && isOver;
    if (operation === 'cancel' && !isCancelRefused) book.end(task, 'cancelled');
    const { id, spec, keyHash: key } = task.record;
    const { status } = task.state;
    log.append(
      { kind: operation, provider: dialect.provider, taskId: id, model: spec.model, key, status },
      settings.nowMs(),
    );
    if (isCancelRefused) {
      const message = `Task ${taskId} cannot be cancelled: only queued or processing tasks can`;
      return refusal(dialect, { status: 400, code: 'task_not_cancellable', message });
    }
    if (dialect.hidesGoneTasks && book.isGone(task)) return unknownTask(dialect, taskId);
    return afterWork(dialect, fault, dialect.read(task, viewOf(call)));
  }

  function list(dialect: Dialect, call: Call, limit: number): Answer {
    const caller = callerOf(settings, dialect, call);
    const fault = faults.take({ provider: dialect.provider, operation: 'list' });
    const instead = insteadOfWork(dialect, fault, 'not_found');
    if (instead !== undefined) return instead;
    if (caller === undefined || dialect.list === undefined) return refusal(dialect, WRONG_KEY);
    book.advanceAll();
    log.append({ kind: 'list', provider: dialect.provider, key: caller.keyHash }, settings.nowMs());
    const tasks = book.newest(dialect.provider, caller.user, limit);
    return afterWork(dialect, fault, dialect.list(tasks, viewOf(call)));
  }

  function isVisible(dialect: Dialect, task: Task, caller: Caller): boolean {
    const isKeyScoped = dialect.provider === 'nexusflow' && settings.readScope === 'key';
    if (isKeyScoped && task.record.keyHash !== caller.keyHash) return false;
    if (task.record.user !== caller.user) return false;
    return !(dialect.hidesGoneTasks && book.isGone(task));
  }

  function viewOf(call: Call): View {
    const nowMs = settings.nowMs();
    const { signedUrlLifeMs } = settings;
    const signed = signedUrlLifeMs === undefined ? {} : { diesAtMs: nowMs + signedUrlLifeMs };
    return { settings, nowMs, files: { origin: call.origin, ...signed } };
  }

  return async (dialect, call) => {
    const route = dialect.route(call.method, call.path, call.query);
    if (route === undefined) {
      const message = `No such endpoint: ${call.method} ${call.path}`;
      return refusal(dialect, { status: 404, code: 'not_found', message });
    }
    if (route.operation === 'create') return create(dialect, call);
    if (route.operation === 'list') return list(dialect, call, route.limit);
    return onTask(dialect, call, route.operation, route.taskId);
  };
}

const WRONG_KEY: Refusal = { status: 401, message: 'The API key is missing or invalid' };

function callerOf(settings: Settings, dialect: Dialect, call: Call): Caller | undefined {
  const key = dialect.apiKey(call.headers);
  if (key === undefined) return undefined;
  const keyHash = keyHashOf(key);
  if (settings.keys === undefined) {
    return key.startsWith('wrong') ? undefined : { keyHash, user: keyHash };
  }
  const known = Object.entries(settings.keys).find(([each]) => each === key)?.[1];
  return known === undefined ? undefined : { keyHash, user: known.user };
}

function endOf(fault: Fault | undefined): TaskPlan['end'] {
  if (fault?.kind === 'fail_task') return 'fail';
  if (fault?.kind === 'expire_task') return 'expire';
  return fault?.kind === 'stuck_task' ? 'never' : 'succeed';
}

/** The answer of a fault that strikes before any work is done. */
function insteadOfWork(
  dialect: Dialect,
  fault: Fault | undefined,
  missing: string,
): Answer | undefined {
  if (fault?.kind === 'reset_before') return { kind: 'destroy' };
  if (fault?.kind === 'not_found') {
    return refusal(dialect, { status: 404, code: missing, message: 'Not found' });
  }
  const isReplacement = fault?.kind === 'status' || fault?.kind === 'html';
  return isReplacement && fault.accepted !== true ? replaced(dialect, fault) : undefined;
}

/** The answer once the work is done. */
function afterWork(dialect: Dialect, fault: Fault | undefined, reply: Reply): Answer {
  if (fault?.kind === 'drop_reply') return { kind: 'destroy' };
  if (fault?.kind === 'status' || fault?.kind === 'html') return replaced(dialect, fault);
  const answer = answerOf(reply);
  return fault?.kind === 'slow' && answer.kind === 'reply'
    ? { ...answer, delayMs: fault.ms }
    : answer;
}

function replaced(dialect: Dialect, fault: Extract<Fault, { kind: 'status' | 'html' }>): Answer {
  if (fault.kind === 'html') return htmlAnswer(fault.status ?? 200);
  const message = `Simulated answer ${fault.status}`;
  const usual = dialect.error({ status: fault.status, message });
  return jsonAnswer(fault.status, fault.body ?? usual.body, { ...usual.headers, ...fault.headers });
}

function refusal(dialect: Dialect, problem: Refusal): Answer {
  return answerOf(dialect.error(problem));
}

function unknownTask(dialect: Dialect, taskId: string): Answer {
  return refusal(dialect, {
    status: 404,
    code: 'task_not_found',
    message: `Task ${taskId} not found`,
  });
}

function tooMany(dialect: Dialect, waitMs: number): Answer {
  const usual = dialect.error({ status: 429, message: 'Too many requests' });
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return jsonAnswer(429, usual.body, { ...usual.headers, 'retry-after': retryAfter });
}

function answerOf({ status, body, headers }: Reply): Answer {
  return jsonAnswer(status, body, headers);
}

function parseJson(body: Buffer | undefined): JsonBody | undefined {
  try {
    return objectOf(JSON.parse(body?.toString('utf8') ?? ''));
  } catch {
    // Not JSON is the client's mistake, and answered as such.
    return undefined;
  }
}
