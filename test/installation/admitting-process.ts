import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { endProcess } from '../../src/cli/end-process.ts';
import type { OpenJobRequest } from '../../src/core/ledger.ts';

export interface AdmittingOptions {
  readonly url: string;
  readonly lockWaitMs: number;
  readonly requests: readonly OpenJobRequest[];
}

/** A process that has opened the ledger and waits for the word to admit its jobs. */
export interface AdmittingProcess {
  /** Lets it begin. Resolves with the kind of each admission, or the code of its error. */
  admit(): Promise<readonly string[]>;
  suspend(): void;
  resume(): void;
  kill(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('admit-jobs.mjs', import.meta.url));
const KILL_TIMEOUT_MS = 5_000;

export async function startAdmitting(options: AdmittingOptions): Promise<AdmittingProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const readLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the process ended before it had said all');
    return line.value;
  };
  await readLine();
  return {
    admit: async () => {
      child.stdin.write('admit\n');
      return JSON.parse(await readLine()) as readonly string[];
    },
    suspend: () => {
      child.kill('SIGSTOP');
    },
    resume: () => {
      child.kill('SIGCONT');
    },
    kill: () => endProcess(child, 'SIGKILL', KILL_TIMEOUT_MS),
  };
}
