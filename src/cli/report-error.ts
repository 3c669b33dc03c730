import { inspect } from 'node:util';
import { isMediaJobError } from '../core/errors.ts';
import { ERROR_CODES } from '../core/error-codes.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import { scrub } from './scrub.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** What a command says of an error, and how it exits. */
export interface ErrorSummary {
  /** `undefined`: a defect, not an expected trouble. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly exitCode: number;
}

const DEFECT_EXIT_CODE = 1;
/** gRPC's DEADLINE_EXCEEDED and UNAVAILABLE. */
const GRPC_AWAY = new Set<unknown>([4, 14]);

/** Says any error in one message on stderr, without a stack trace unless `POLLUX_DEBUG=1`. Returns the exit code. */
export function reportError(error: unknown, terminal: Terminal): number {
  const { code, message, exitCode } = summarizeError(error);
  const { stderr } = terminal;
  const label = code === undefined ? 'error:' : `error (${code}):`;
  stderr.write(`${paint(terminal, stderr, 'red', label)} ${scrub(message)}\n`);
  if (terminal.environment['POLLUX_DEBUG'] === '1') stderr.write(`${scrub(inspect(error))}\n`);
  return exitCode;
}

/** Finds the code of an error: ours, a port in use, Temporal away, a disk that refuses. */
export function summarizeError(error: unknown): ErrorSummary {
  if (isMediaJobError(error)) return summary(error.code, error.message);
  for (let current = error, depth = 0; depth < 10; depth += 1) {
    const facts = toFacts(current);
    if (facts === undefined) break;
    if (facts.code === 'EADDRINUSE') return summary('config.invalid', portInUse(facts));
    if (GRPC_AWAY.has(facts.code)) {
      return summary('temporal.unavailable', `Temporal does not answer: ${facts.message}`);
    }
    if (facts.code === 'ENOSPC') return summary('storage.full', facts.message);
    if (facts.code === 'EACCES' || facts.code === 'EPERM' || facts.code === 'EROFS') {
      return summary('config.invalid', facts.message);
    }
    current = facts.cause;
  }
  const message = toFacts(error)?.message ?? String(error);
  return {
    code: undefined,
    message: `${message}\nThis is unexpected; POLLUX_DEBUG=1 shows where it happened.`,
    exitCode: DEFECT_EXIT_CODE,
  };
}

function summary(code: ErrorCode, message: string): ErrorSummary {
  return { code, message, exitCode: ERROR_CODES[code].exitCode };
}

interface ErrorFacts {
  readonly code: unknown;
  readonly message: string;
  readonly cause: unknown;
  readonly port: number | undefined;
  readonly address: string | undefined;
}

function toFacts(error: unknown): ErrorFacts | undefined {
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return {
    code: 'code' in error ? error.code : undefined,
    message: String(error.message),
    cause: 'cause' in error ? error.cause : undefined,
    port: 'port' in error && typeof error.port === 'number' ? error.port : undefined,
    address: 'address' in error && typeof error.address === 'string' ? error.address : undefined,
  };
}

function portInUse({ port, address, message }: ErrorFacts): string {
  if (port === undefined) return message;
  return `port ${String(port)} of ${address ?? 'this machine'} is in use: stop what listens there or choose another port`;
}
