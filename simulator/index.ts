import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createAdminDesk } from './admin.ts';
import { jsonAnswer, readCall, type Answer, type Call } from './call.ts';
import { sendCallback } from './callbacks.ts';
import type { Dialect } from './dialect.ts';
import { dieyuyun } from './dieyuyun.ts';
import { createFaultRules, type FaultRule } from './faults.ts';
import { createFileShelf } from './files.ts';
import { openLog, type LogEntry } from './log.ts';
import { nexusflow } from './nexusflow.ts';
import { toSettings, type SimulatorOptions } from './options.ts';
import { createProviderDesk } from './provider-calls.ts';
import { rixapi } from './rixapi.ts';
import { createTaskBook } from './task-book.ts';
import type { ProviderName } from './task.ts';

export type { Fault, FaultOperation, FaultRule } from './faults.ts';
export type { LogEntry, LogKind } from './log.ts';
export type { ExtraModel, Range, SimulatorOptions } from './options.ts';
export type { PriceRule } from './prices.ts';
export type { Bill, MediaSpec, ProviderName, TaskRecord, TaskStatus } from './task.ts';

/** Three providers on one port, until {@link RunningSimulator.close}. */
export interface RunningSimulator {
  readonly url: string;
  readonly port: number;
  /** What an account's `baseUrl` is set to. */
  readonly baseUrls: Readonly<Record<ProviderName, string>>;
  /** Everything that happened so far, oldest first. */
  log(): readonly LogEntry[];
  /** The same as `POST /admin/faults`. */
  addFaults(rules: readonly FaultRule[]): void;
  clearFaults(): void;
  /** Cuts all connections; the log file is complete when it resolves. */
  close(): Promise<void>;
}

const DIALECTS: readonly Dialect[] = [nexusflow, rixapi, dieyuyun];

/**
 * Serves NexusFlow under `/nexusflow`, RixAPI under `/rixapi`, DieyuYun under `/dieyuyun`, results under `/files` and
 * the operator's side under `/admin`. Knows nothing of the product it judges.
 *
 * @throws RangeError where an option cannot be meant; the error of node:net (`EADDRINUSE`, …) where it cannot listen.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const settings = toSettings(options);
  const log = await openLog(settings.logFile);
  const faults = createFaultRules();
  const place = { url: '' };
  const book = createTaskBook(settings, log, (task) => sendCallback(task, place.url));
  const desk = { settings, log, book, faults };
  const onProvider = createProviderDesk(desk);
  const onAdmin = createAdminDesk(desk);
  const onFile = createFileShelf(settings, log, book, faults);

  async function answer(call: Call): Promise<Answer> {
    if (call.path.startsWith('/admin/')) return onAdmin(call);
    if (call.path.startsWith('/files/')) return onFile(call);
    const dialect = DIALECTS.find((each) => call.path.startsWith(`/${each.provider}/`));
    if (dialect === undefined)
      return jsonAnswer(404, 'begin with /nexusflow, /rixapi or /dieyuyun');
    return onProvider(dialect, { ...call, path: call.path.slice(dialect.provider.length + 1) });
  }

  async function answerOnRecord(call: Call): Promise<Answer> {
    const given = await answer(call);
    await log.flush();
    return given;
  }

  const server = createServer((request, response) => {
    readCall(request, place.url)
      .then(answerOnRecord)
      .then((given) => deliver(response, given, request.method === 'HEAD'))
      .catch(() => response.destroy());
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(settings.port, settings.host, resolve);
    });
  } catch (error) {
    book.close();
    await log.close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  place.url = `http://${reachable(settings.host)}:${port}`;
  book.resume();

  return {
    url: place.url,
    port,
    baseUrls: {
      nexusflow: `${place.url}/nexusflow`,
      rixapi: `${place.url}/rixapi`,
      dieyuyun: `${place.url}/dieyuyun`,
    },
    log: () => {
      book.advanceAll();
      return [...log.entries];
    },
    addFaults: (rules) => faults.add(rules),
    clearFaults: () => faults.clear(),
    close: async () => {
      book.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await log.close();
    },
  };
}

async function deliver(response: ServerResponse, answer: Answer, isHead: boolean): Promise<void> {
  if (answer.kind === 'destroy') {
    response.destroy();
    return;
  }
  if (answer.delayMs !== undefined) await wait(answer.delayMs, undefined, { ref: false });
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': answer.body.length,
  });
  if (answer.truncateBytes === undefined || isHead) {
    response.end(isHead ? undefined : answer.body);
    return;
  }
  response.write(answer.body.subarray(0, answer.truncateBytes), () => response.destroy());
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
