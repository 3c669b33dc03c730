import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program to its end and returns what it printed. */
export async function runTool(program: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run(program, parameters);
  return stdout;
}
