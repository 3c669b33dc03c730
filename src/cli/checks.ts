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

/** What a check found, besides a problem. */
export type Finding = Pick<Check, 'outcome' | 'message' | 'advice'>;

/** Runs a check that says what is fine, or what to know, and turns what it throws into the problem. */
export async function attempt(
  name: string,
  check: () => Promise<string | Finding>,
): Promise<Check> {
  try {
    const found = await check();
    return typeof found === 'string' ? { name, outcome: 'ok', message: found } : { name, ...found };
  } catch (error) {
    const { message, code = 'config.invalid' } = summarizeError(error);
    return { name, outcome: 'problem', message, code };
  }
}
