import { isMediaJobError, LedgerError, ProviderError } from '../../../src/core/errors.ts';
import { ERROR_CODES, isErrorCode } from '../../../src/core/error-codes.ts';
import { invalidRequest } from '../../../src/core/request-issue.ts';
import { toErrorReport, toFailure, toJobFailure, toJobResult } from '../../../src/failures.ts';
import { ApplicationFailure } from '@temporalio/common';
import { Secret } from '../../../src/core/secret.ts';

describe('errors', () => {
  it('keep their class name, code and details', () => {
    const error = new ProviderError('provider.rate_limited', 'slow down', {
      details: { limit: 60 },
      retryAfterMs: 2_000,
    });

    expect(error.name).toBe('ProviderError');
    expect(isMediaJobError(error)).toBe(true);
    expect(error.toReport()).toEqual({
      code: 'provider.rate_limited',
      message: 'slow down',
      details: { limit: 60 },
    });
  });

  it('an ordinary error with a code of its own is not one of ours', () => {
    expect(isMediaJobError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
    expect(isMediaJobError(Object.assign(new Error('x'), { code: 'ledger.conflict' }))).toBe(false);
    expect(isErrorCode('toString')).toBe(false);
  });

  it('a request that breaks rules is told field, value and rule of each', () => {
    const error = invalidRequest('nexusflow/wan2.6-t2v', [
      { field: 'durationSeconds', value: 16, rule: 'must be an integer from 3 to 15' },
      { field: 'imageUrls', rule: 'is required' },
    ]);

    expect(error.message).toBe(
      'nexusflow/wan2.6-t2v: durationSeconds (16): must be an integer from 3 to 15; imageUrls (missing): is required',
    );
  });

  it('what a prompt says never enters a message', () => {
    const error = invalidRequest('m', [
      { field: 'prompt', value: 'my secret film', rule: 'is too long' },
    ]);

    expect(JSON.stringify([error.message, error.details])).not.toContain('secret film');
    expect(error.message).toContain('14 characters');
  });

  it('a secret prints and serialises as [secret]', () => {
    const secret = new Secret(() => 'sk-air-1');

    expect([String(secret), JSON.stringify({ secret }), secret.reveal()]).toEqual([
      '[secret]',
      '{"secret":"[secret]"}',
      'sk-air-1',
    ]);
  });
});

describe('errors crossing Temporal', () => {
  it.each(Object.keys(ERROR_CODES))('%s comes back with its message and details', (text) => {
    if (!isErrorCode(text)) throw new TypeError(text);
    const error = Object.assign(new LedgerError('ledger.conflict', 'm', { details: { a: 1 } }), {
      code: text,
    });
    const failure = toFailure(error, 'after');

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(toErrorReport(new Error('wrapped', { cause: failure }))).toEqual({
      code: text,
      message: 'm',
      details: { a: 1 },
    });
  });

  it('the rule of the phase decides whether the server runs the step again', () => {
    const refused = new ProviderError('provider.unauthorized', 'no');

    expect(toFailure(refused, 'before')).toMatchObject({ nonRetryable: true });
    expect(toFailure(refused, 'after')).toMatchObject({ nonRetryable: false });
    expect(toFailure(new LedgerError('ledger.unavailable', 'away'), 'before')).toMatchObject({
      nonRetryable: false,
    });
  });

  it('Retry-After becomes the next delay', () => {
    const error = new ProviderError('provider.unavailable', 'busy', { retryAfterMs: 7_000 });

    expect(toFailure(error, 'after')).toMatchObject({ nextRetryDelay: 7_000 });
  });

  it('a failed job carries its result', () => {
    const failure = toJobFailure(
      { code: 'provider.generation_failed', message: 'm', details: {} },
      { jobId: 'a' },
    );

    expect(toJobResult(new Error('workflow failed', { cause: failure }))).toEqual({ jobId: 'a' });
  });

  it('anything that is not ours passes unchanged', () => {
    const error = new TypeError('a defect');

    expect(toFailure(error, 'after')).toBe(error);
    expect(toErrorReport(error)).toBeUndefined();
  });
});
