import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { until } from '../installation/until.ts';

/** System calls that do not end as they should. */
export interface Injection {
  /** Name of the call. */
  readonly call: string;
  /** What happens instead, in strace's words: `signal=KILL`, `error=EIO`. */
  readonly effect: string;
  /** Which calls of a thread, from 1, in strace's words: `3`, `1+`. */
  readonly when: string;
}

export interface Tracing {
  /** From now on system calls end as they should. */
  end(): void;
}

/** Lays an injection on a process that is stopped. Throws, saying what to do, where strace is missing or not allowed. */
export async function trace(pid: number, { call, effect, when }: Injection): Promise<Tracing> {
  const inject = `inject=${call}:${effect}:when=${when}`;
  const parameters = ['-f', '-p', `${pid}`, '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
  const strace = spawn('strace', parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilAttached(strace);
  return { end: () => strace.kill('SIGINT') };
}

async function untilAttached(strace: ChildProcess): Promise<void> {
  let said = '';
  let trouble: string | undefined;
  strace.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  strace.once('error', (error) => {
    trouble = `strace cannot be started: ${error.message}; install it with \`apt-get install strace\``;
  });
  strace.once('exit', () => {
    trouble ??= `strace ended before its time: ${said}; it needs root, CAP_SYS_PTRACE or kernel.yama.ptrace_scope=0`;
  });
  await until('strace to be attached', () => {
    if (trouble !== undefined) throw new Error(trouble);
    return said.includes(' attached');
  });
}

/** More calls than any activity makes: a walk that gets so far would never end. */
const MAX_STEPS = 60;
const AT_ONCE = 2;

/**
 * Walks through all calls of one name that a program makes: in the first run it is killed at the first of them, in the
 * second at the second, until a run ends unharmed. Finds moments that nobody has thought of.
 *
 * @param run runs the program under an injection and says whether it was killed.
 * @returns how many runs were killed.
 */
export async function walkKilled(
  call: string,
  run: (injection: Injection) => Promise<boolean>,
): Promise<number> {
  for (let done = 0; done < MAX_STEPS; done += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, index) => done + index + 1);
    const runs = numbers.map((number) => run({ call, effect: 'signal=KILL', when: `${number}` }));
    const unharmed = (await Promise.all(runs)).indexOf(false);
    if (unharmed >= 0) return done + unharmed;
  }
  throw new Error(`${MAX_STEPS} runs were killed at ${call}, and none ended unharmed`);
}
