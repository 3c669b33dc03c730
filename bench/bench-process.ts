import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of a benchmark that answers one message after the other. */
export interface BenchProcess<Question, Answer> {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
  /** Lets it end by itself and waits. */
  stop(): Promise<void>;
}

interface Reply<Answer> {
  readonly answer?: Answer;
  readonly error?: string;
}

const STOP_TIMEOUT_MS = 20_000;

/** Starts a program of dist/bench, named relative to `from`. It must call {@link serveQuestions}. */
export async function startBenchProcess<Question extends object, Answer>(
  program: string,
  from: string,
  options: { readonly execArgv?: readonly string[] } = {},
): Promise<BenchProcess<Question, Answer>> {
  const child = fork(fileURLToPath(new URL(program, from)), [], {
    execArgv: [...(options.execArgv ?? [])],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  if (child.pid === undefined) await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    ask: (question) => ask<Answer>(child, question, program),
    stop: () => stop(child),
  };
}

async function ask<Answer>(
  child: ChildProcess,
  question: object,
  program: string,
): Promise<Answer> {
  const reply = new Promise<Reply<Answer>>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Reply<Answer>));
    child.once('exit', (code) => {
      reject(new Error(`${program} ended with code ${String(code)} before it answered`));
    });
  });
  child.send(question);
  const { answer, error } = await reply.finally(() => child.removeAllListeners());
  if (error !== undefined) throw new Error(`${program}: ${error}`);
  return answer as Answer;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.disconnect();
  await ended;
  clearTimeout(timer);
}

/** Answers every message of the parent. `close` runs when the parent wants no more. */
export function serveQuestions(
  answer: (question: unknown) => Promise<unknown>,
  close: () => Promise<void> = async () => undefined,
): void {
  const send = (reply: Reply<unknown>): void => {
    process.send?.(reply);
  };
  process.on('message', (question) => {
    answer(question).then(
      (value) => send({ answer: value }),
      (error: unknown) =>
        send({ error: error instanceof Error ? String(error.stack) : String(error) }),
    );
  });
  process.once('disconnect', () => void close());
}
