import { jsonAnswer, type Answer, type Call } from './call.ts';
import { parseFaultRules } from './faults.ts';
import type { LogEntry } from './log.ts';
import type { Desk } from './provider-calls.ts';
import { isFinal, PROVIDER_NAMES } from './task.ts';

export type AdminDesk = (call: Call) => Answer;

/** The operator's side of the simulator: the book, the faults, and a hand on every task. No key is asked for. */
export function createAdminDesk({ log, book, faults }: Desk): AdminDesk {
  function summary(): unknown {
    book.advanceAll();
    const count = (kind: LogEntry['kind'], provider: string): number =>
      log.entries.filter((entry) => entry.kind === kind && entry.provider === provider).length;
    const open = book.all().filter((task) => !isFinal(task.state.status));
    return {
      creates: Object.fromEntries(PROVIDER_NAMES.map((name) => [name, count('create', name)])),
      refused: Object.fromEntries(PROVIDER_NAMES.map((name) => [name, count('refused', name)])),
      billedMicros: billedMicros(log.entries),
      openTasks: open.map((task) => task.record.id),
    };
  }

  function onFaults(call: Call): Answer {
    if (call.method === 'GET') return jsonAnswer(200, faults.rules());
    if (call.method === 'DELETE') {
      faults.clear();
      return jsonAnswer(200, []);
    }
    const rules = parseFaultRules(parseJson(call.body));
    if (typeof rules === 'string') return jsonAnswer(400, { error: rules });
    faults.add(rules);
    return jsonAnswer(200, faults.rules());
  }

  function onTask(taskId: string, verb: string): Answer {
    const task = book.findAny(taskId);
    if (task === undefined) return jsonAnswer(404, { error: `no task ${taskId}` });
    book.advance(task);
    if (isFinal(task.state.status) && verb !== 'expire') {
      return jsonAnswer(409, { error: `task ${taskId} is ${task.state.status} already` });
    }
    if (verb === 'finish') book.end(task, 'succeeded');
    else if (verb === 'expire') book.end(task, 'expired');
    else book.end(task, 'failed', 'InvalidParameter: The parameter is invalid.');
    return jsonAnswer(200, { taskId, status: task.state.status });
  }

  return (call) => {
    const { method, path } = call;
    if (path === '/admin/log' && method === 'GET') {
      book.advanceAll();
      const kind = call.query.get('kind');
      const shown = log.entries.filter((entry) => kind === null || entry.kind === kind);
      const lines = shown.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      return jsonAnswer(200, lines, { 'content-type': 'application/x-ndjson' });
    }
    if (path === '/admin/summary' && method === 'GET') return jsonAnswer(200, summary());
    if (path === '/admin/faults' && ['GET', 'POST', 'DELETE'].includes(method))
      return onFaults(call);
    const [, taskId, verb] = /^\/admin\/tasks\/([^/]+)\/(finish|fail|expire)$/.exec(path) ?? [];
    if (taskId !== undefined && verb !== undefined && method === 'POST')
      return onTask(taskId, verb);
    return jsonAnswer(404, {
      error: `no ${method} ${path}; there are GET /admin/log, GET /admin/summary, GET, POST and DELETE /admin/faults, POST /admin/tasks/<id>/finish|fail|expire`,
    });
  };
}

/** Sums what ended tasks were billed, per currency; currencies are never added up. */
export function billedMicros(entries: readonly LogEntry[]): Readonly<Record<string, string>> {
  const sums = new Map<string, bigint>();
  for (const { kind, bill } of entries) {
    if (kind !== 'end' || bill === undefined) continue;
    sums.set(bill.currency, (sums.get(bill.currency) ?? 0n) + BigInt(bill.micros));
  }
  return Object.fromEntries([...sums].map(([currency, micros]) => [currency, micros.toString()]));
}

function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    // Answered as what it is: not a list of rules.
    return undefined;
  }
}
