import { reportError, summarizeError } from '../../../src/cli/report-error.ts';
import type { MediaJobError } from '../../../src/core/errors.ts';
import { ConfigError, LedgerError, RequestError } from '../../../src/core/errors.ts';
import { ERROR_CODES, isErrorCode } from '../../../src/core/error-codes.ts';
import { captureTerminal } from './captured-terminal.ts';

describe('an error that ends a command', () => {
  it.each<readonly [MediaJobError, number]>([
    [new RequestError('request.conflict', 'x'), 2],
    [new ConfigError('temporal.unavailable', 'x'), 4],
    [new LedgerError('ledger.unavailable', 'x'), 4],
    [new RequestError('request.over_budget', 'x'), 1],
  ])('has the exit code that the error table gives %s', (error, exitCode) => {
    expect(summarizeError(error)).toEqual({ code: error.code, message: 'x', exitCode });
    expect(isErrorCode(error.code) && ERROR_CODES[error.code].exitCode).toBe(exitCode);
  });

  it.each([
    [
      { message: 'listen', code: 'EADDRINUSE', port: 4010, address: '127.0.0.1' },
      'config.invalid',
      2,
    ],
    [
      { message: 'failed', cause: { message: 'no connection', code: 14 } },
      'temporal.unavailable',
      4,
    ],
    [{ message: 'write', code: 'ENOSPC' }, 'storage.full', 4],
    [{ message: 'open', code: 'EACCES' }, 'config.invalid', 2],
  ])('is recognised by its code, however deep: %j', (facts, code, exitCode) => {
    const error = Object.assign(new Error(facts.message), facts);

    expect(summarizeError(error)).toMatchObject({ code, exitCode });
  });

  it('that nobody expected shows no stack unless POLLUX_DEBUG asks for it', () => {
    const quiet = captureTerminal();
    const loud = captureTerminal({ environment: { POLLUX_DEBUG: '1' } });
    const error = new Error('surprise');

    expect(reportError(error, quiet)).toBe(1);
    reportError(error, loud);

    expect(quiet.err()).toContain('surprise');
    expect(quiet.err()).not.toMatch(/\n\s+at /);
    expect(loud.err()).toMatch(/\n\s+at /);
  });

  it('never repeats a key, a bearer token or a query string', () => {
    const terminal = captureTerminal();

    reportError(
      new Error('Bearer abc123 sk-air-1234567890 https://cdn.example/x.mp4?sig=deadbeef'),
      terminal,
    );

    expect(terminal.err()).not.toMatch(/abc123|1234567890|deadbeef/);
  });
});
