import { spawn } from 'node:child_process';

export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and returns what it printed. Throws where it cannot be started, ends with another code
 * than 0, or takes longer than `timeoutMs`; the message holds the last line it printed on stderr.
 */
export async function runProgram(
  command: string,
  parameters: readonly string[],
  options: { readonly timeoutMs: number },
): Promise<ProgramOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => {
      reject(new Error(`${command} cannot be started: ${error.message}`, { cause: error }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve({ stdout, stderr });
        return;
      }
      const end = signal === null ? `code ${String(code)}` : `signal ${signal}`;
      const lastLine = stderr.trim().split('\n').at(-1) ?? '';
      reject(new Error(`${command} ended with ${end}: ${lastLine.slice(0, 300)}`));
    });
  });
}
