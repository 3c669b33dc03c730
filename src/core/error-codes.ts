/** What to do with a code that a submission or a request met before a task was accepted. */
export type RuleBeforeAcceptance =
  /** The job ends with this code. */
  | 'final'
  /** No task exists and a later try may pass: submit again under the next number, after a durable timer. */
  | 'submit-again'
  /** A task may exist: reconcile, never submit again by itself. */
  | 'reconcile'
  /** The step is keyed or read-only: the server retries it. */
  | 'retry';

/** What to do with a code that a step met after a task was accepted. */
export type RuleAfterAcceptance =
  /** The job ends with this code. */
  | 'final'
  /** Ends nothing: the task is read again until its life ends. */
  | 'read-again'
  /** The step is keyed or read-only: the server retries it. */
  | 'retry';

export interface ErrorRule {
  readonly before: RuleBeforeAcceptance;
  readonly after: RuleAfterAcceptance;
  /** Status of an HTTP answer of ours that carries this code. */
  readonly httpStatus: number;
  /** Exit code of a command that ends with this code. */
  readonly exitCode: 1 | 2 | 3 | 4;
  /** One line for a person. */
  readonly meaning: string;
}

const rule = (
  before: RuleBeforeAcceptance,
  after: RuleAfterAcceptance,
  httpStatus: number,
  exitCode: 1 | 2 | 3 | 4,
  meaning: string,
): ErrorRule => ({ before, after, httpStatus, exitCode, meaning });

export type ErrorCode =
  | 'request.invalid'
  | 'request.conflict'
  | 'request.content_refused'
  | 'request.over_budget'
  | 'request.gave_up'
  | 'provider.rate_limited'
  | 'provider.unavailable'
  | 'provider.submit_unknown'
  | 'provider.generation_failed'
  | 'provider.bad_response'
  | 'provider.task_expired'
  | 'provider.output_expired'
  | 'provider.output_invalid'
  | 'provider.output_forbidden'
  | 'provider.out_of_credit'
  | 'provider.unauthorized'
  | 'batch.stopped'
  | 'storage.unavailable'
  | 'storage.full'
  | 'storage.missing'
  | 'storage.corrupt'
  | 'ledger.unavailable'
  | 'ledger.conflict'
  | 'temporal.unavailable'
  | 'config.invalid';

/**
 * Every error code of the system. Retry policies, HTTP statuses and exit codes are read from here and nowhere else;
 * `docs/errors.md` has one entry per code. Codes are wire format.
 */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorRule>> = {
  'request.invalid': rule(
    'final',
    'final',
    400,
    2,
    'The request breaks a rule of the API or of Pollux.',
  ),
  'request.conflict': rule(
    'final',
    'final',
    409,
    2,
    'The job or task id already stands for something else.',
  ),
  'request.content_refused': rule('final', 'final', 422, 1, 'The provider refused the content.'),
  'request.over_budget': rule('final', 'final', 402, 1, 'The job does not fit its budget.'),
  'request.gave_up': rule(
    'final',
    'final',
    504,
    1,
    'No submission was accepted in the time the job had.',
  ),
  'provider.rate_limited': rule(
    'submit-again',
    'read-again',
    429,
    1,
    'The provider asks for fewer calls.',
  ),
  'provider.unavailable': rule(
    'submit-again',
    'read-again',
    503,
    1,
    'The provider cannot be reached or has no capacity.',
  ),
  'provider.submit_unknown': rule(
    'reconcile',
    'final',
    502,
    3,
    'A task may exist, but nothing tells which.',
  ),
  'provider.generation_failed': rule(
    'final',
    'final',
    502,
    1,
    'The provider ran the task and failed.',
  ),
  'provider.bad_response': rule(
    'final',
    'read-again',
    502,
    1,
    'The provider answered something unreadable.',
  ),
  'provider.task_expired': rule('final', 'final', 504, 1, 'The provider has forgotten the task.'),
  'provider.output_expired': rule(
    'final',
    'final',
    504,
    1,
    'The result URL died before the file was fetched.',
  ),
  'provider.output_invalid': rule(
    'final',
    'final',
    502,
    1,
    'The result is not the media that was promised.',
  ),
  'provider.output_forbidden': rule(
    'final',
    'final',
    502,
    1,
    'The result URL breaks the rules for fetching.',
  ),
  'provider.out_of_credit': rule(
    'submit-again',
    'read-again',
    402,
    1,
    'The account at the provider has no credit.',
  ),
  'provider.unauthorized': rule('final', 'read-again', 401, 1, 'The provider refused the key.'),
  'batch.stopped': rule(
    'final',
    'final',
    409,
    1,
    'The item was never started: its batch was stopped before.',
  ),
  'storage.unavailable': rule('retry', 'retry', 503, 4, 'The artifact store cannot be reached.'),
  'storage.full': rule('retry', 'retry', 507, 4, 'The artifact store has no room.'),
  'storage.missing': rule(
    'final',
    'final',
    404,
    1,
    'A stored object is not where the ledger says.',
  ),
  'storage.corrupt': rule('final', 'final', 500, 1, 'A stored object is not what the ledger says.'),
  'ledger.unavailable': rule('retry', 'retry', 503, 4, 'The ledger cannot be read or written.'),
  'ledger.conflict': rule(
    'final',
    'final',
    409,
    1,
    'The ledger holds a fact that contradicts this one.',
  ),
  'temporal.unavailable': rule('retry', 'retry', 503, 4, 'The Temporal server cannot be reached.'),
  'config.invalid': rule('final', 'retry', 500, 2, 'The configuration cannot be used.'),
};

/** True for a text that is a code of {@link ERROR_CODES}. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERROR_CODES, text);
}
