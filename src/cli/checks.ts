import type { ErrorCode } from '../core/error-codes.ts';
import { summarizeError } from './report-error.ts';

/** One line of `pollux doctor`. */
export interface Check {
  readonly name: string;
  /** `notice`: nothing is broken, but a person should know. */
  readonly outcome: 'ok' | 'problem' | 'notice';
  readonly message: string;
  /** What to do. */
  readonly advice?: string;
  /** Only of problems: decides the exit code. */
  readonly code?: ErrorCode;
}

/** Runs a check that says what is fine, and turns what it throws into the problem. */
export async function attempt(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { name, outcome: 'ok', message: await check() };
  } catch (error) {
    const { message, code = 'config.invalid' } = summarizeError(error);
    return { name, outcome: 'problem', message, code };
  }
}
