import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { ConfigError, LedgerError, ProviderError } from '../../../src/core/errors.ts';
import { toFailure, toJobFailure } from '../../../src/failures.ts';
import { toShownError } from '../../../src/runtime/shown-error.ts';

const ECHO = 'cannot render "a quiet harbour at dawn"';

describe('what the log says of an error that the SDK reports', () => {
  it('is the code alone where the message may quote a provider', () => {
    const failure = toFailure(new ProviderError('provider.unavailable', ECHO), 'after');
    const outer = new Error(ECHO, { cause: failure });

    expect(toShownError(failure)).toBe('provider.unavailable');
    expect(toShownError(outer)).toBe('provider.unavailable');
    expect(toShownError(new ProviderError('provider.unavailable', ECHO))).toBe(
      'provider.unavailable',
    );
  });

  it('is our own sentence where it is about this installation', () => {
    const failure = toFailure(new LedgerError('ledger.unavailable', 'the disk is full'), 'after');

    expect(toShownError(failure)).toBe('ledger.unavailable: the disk is full');
    expect(toShownError(new ConfigError('config.invalid', 'key k1 is missing'))).toBe(
      'config.invalid: key k1 is missing',
    );
  });

  it('names the key that a step’s arguments could not be decrypted with', () => {
    const thrown = new ConfigError('config.invalid', 'a payload is encrypted with key k1');
    const failure = ApplicationFailure.fromError(thrown, {
      message: `Failed to parse activity args for activity submit: ${thrown.message}`,
    });

    expect(toShownError(failure)).toContain('a payload is encrypted with key k1');
  });

  it('is the name and the place of a defect, never its message', () => {
    const shown = toShownError(new SyntaxError(`Unexpected token in ${ECHO}`));

    expect(shown).toMatch(/^SyntaxError at .*shown-error\.test\.ts:\d+:\d+$/);
    expect(toShownError(ApplicationFailure.create({ type: 'TypeError', message: ECHO }))).toMatch(
      /^TypeError/,
    );
    expect(toShownError(ECHO)).toBe('not told');
  });

  it('is the code of a job that failed, of which the sandbox gives nothing but the message', () => {
    const report = { code: 'request.over_budget', message: ECHO, details: {} } as const;
    const { message } = toJobFailure(report, null);

    expect(toShownError(new Error(message))).toBe('request.over_budget');
  });

  it('looks at the cause of a step’s failure', () => {
    const cause = ApplicationFailure.create({ type: 'provider.bad_response', message: ECHO });
    const failure = new ActivityFailure(ECHO, 'cancelTask', '1', 'IN_PROGRESS', 'x', cause);

    expect(toShownError(failure)).toBe('provider.bad_response');
  });
});
