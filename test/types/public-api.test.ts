import { expectTypeOf } from 'expect-type';
import type {
  Artifact,
  Config,
  Cost,
  CostState,
  Decision,
  EndStatus,
  ERROR_CODES,
  ErrorCode,
  ErrorReport,
  Hold,
  HoldReason,
  Installation,
  JobHandle,
  JobListFilter,
  JobResult,
  JobState,
  JobStatus,
  JobSummary,
  MediaJobError,
  MediaRequest,
  PolluxClient,
  QuotedRequest,
  RunningWorker,
  StartedJob,
  StartOptions,
  WorkerOptions,
  WorkerRole,
} from '../../src/index.ts';
import {
  createClient,
  createInstallation,
  isErrorCode,
  isMediaJobError,
  loadConfig,
  parseMediaRequest,
  startWorker,
} from '../../src/index.ts';

// The compiler is what proves these; running them only shows that the names are there.

describe('a request', () => {
  it('needs a model and nothing else', () => {
    expectTypeOf<{ model: string }>().toExtend<MediaRequest>();
    expectTypeOf<{ prompt: string }>().not.toExtend<MediaRequest>();
  });

  it('takes whole lists and plain JSON, and keeps them read-only', () => {
    expectTypeOf<MediaRequest['imageUrls']>().toEqualTypeOf<readonly string[] | undefined>();
    expectTypeOf<{ model: string; extra: { mode: 'pro' } }>().toExtend<MediaRequest>();
    expectTypeOf<{ model: string; extra: { at: Date } }>().not.toExtend<MediaRequest>();
    expectTypeOf<{ model: string; durationSeconds: '5' }>().not.toExtend<MediaRequest>();
  });

  it('has absent members, never members that are undefined', () => {
    expectTypeOf<{ model: string; seed: undefined }>().not.toExtend<MediaRequest>();
  });

  it('is the outcome of parsing anything', () => {
    expectTypeOf(parseMediaRequest).parameters.toEqualTypeOf<[unknown]>();
    expectTypeOf(parseMediaRequest).returns.toEqualTypeOf<MediaRequest>();
  });
});

describe('a result', () => {
  it('has one status of ten, four of which are ends', () => {
    expectTypeOf<JobResult['status']>().toEqualTypeOf<JobStatus>();
    expectTypeOf<EndStatus>().toEqualTypeOf<'succeeded' | 'failed' | 'cancelled' | 'expired'>();
    expectTypeOf<EndStatus>().toExtend<JobStatus>();
    expectTypeOf<'done'>().not.toExtend<JobStatus>();
  });

  it('has an error with a code of the table, or null', () => {
    expectTypeOf<JobResult['error']>().toEqualTypeOf<ErrorReport | null>();
    expectTypeOf<ErrorReport['code']>().toEqualTypeOf<ErrorCode>();
  });

  it('has a cost in decimal micros beside its currency, or null', () => {
    expectTypeOf<JobResult['cost']>().toEqualTypeOf<Cost | null>();
    expectTypeOf<Cost['micros']>().toEqualTypeOf<string>();
    expectTypeOf<Cost['currency']>().toEqualTypeOf<string>();
    expectTypeOf<Cost['state']>().toEqualTypeOf<CostState>();
  });

  it('has a hold with one of seven reasons, or null', () => {
    expectTypeOf<JobResult['hold']>().toEqualTypeOf<Hold | null>();
    expectTypeOf<Hold['reason']>().toEqualTypeOf<HoldReason>();
    expectTypeOf<'patience'>().not.toExtend<HoldReason>();
  });

  it('cannot be changed', () => {
    expectTypeOf<JobResult['artifacts']>().toEqualTypeOf<readonly Artifact[]>();
    expectTypeOf<JobResult>().toEqualTypeOf<Readonly<JobResult>>();
  });

  it('is what a state is, too', () => {
    expectTypeOf<JobState>().toExtend<JobResult>();
    expectTypeOf<JobResult>().not.toExtend<JobState>();
  });
});

describe('error codes', () => {
  it('are the keys of the table, and nothing else', () => {
    expectTypeOf<keyof typeof ERROR_CODES>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<'provider.gone'>().not.toExtend<ErrorCode>();
    expectTypeOf<(typeof ERROR_CODES)[ErrorCode]['exitCode']>().toEqualTypeOf<1 | 2 | 3 | 4>();
  });

  it('are found out from anything', () => {
    expectTypeOf(isErrorCode).guards.toEqualTypeOf<ErrorCode>();
    expectTypeOf(isMediaJobError).guards.toEqualTypeOf<MediaJobError>();
    expectTypeOf<MediaJobError['code']>().toEqualTypeOf<ErrorCode>();
  });
});

describe('the client', () => {
  it('is made of a connected client, accounts and a parser', () => {
    expectTypeOf(createClient).returns.toEqualTypeOf<PolluxClient>();
    expectTypeOf<Installation['accounts']>().toExtend<
      Parameters<typeof createClient>[0]['accounts']
    >();
    expectTypeOf(parseMediaRequest).toExtend<Parameters<typeof createClient>[0]['parseRequest']>();
  });

  it('starts a job that says whether it was started before', () => {
    expectTypeOf<PolluxClient['start']>().parameter(0).toEqualTypeOf<MediaRequest>();
    expectTypeOf<PolluxClient['start']>().parameter(1).toEqualTypeOf<StartOptions | undefined>();
    expectTypeOf<PolluxClient['start']>().returns.resolves.toEqualTypeOf<StartedJob>();
    expectTypeOf<StartedJob>().toExtend<JobHandle>();
    expectTypeOf<StartedJob['attached']>().toEqualTypeOf<boolean>();
  });

  it('tells the state as it goes and the result at the end', () => {
    expectTypeOf<JobHandle['result']>().returns.resolves.toEqualTypeOf<JobResult>();
    expectTypeOf<JobHandle['state']>().returns.resolves.toEqualTypeOf<JobState>();
    expectTypeOf<JobHandle['watch']>().returns.toEqualTypeOf<AsyncIterable<JobState>>();
  });

  it('cancels only with an author and a reason', () => {
    expectTypeOf<JobHandle['cancel']>().parameters.toEqualTypeOf<[decision: Decision]>();
    expectTypeOf<{ reason: string }>().not.toExtend<Decision>();
  });

  it('prices a request without sending it', () => {
    expectTypeOf<PolluxClient['quote']>().returns.toEqualTypeOf<QuotedRequest>();
  });

  it('lists by a status or by all that is open', () => {
    expectTypeOf<PolluxClient['list']>().returns.toExtend<AsyncIterable<JobSummary>>();
    expectTypeOf<{ status: 'open' }>().toExtend<JobListFilter>();
    expectTypeOf<{ status: 'closed' }>().not.toExtend<JobListFilter>();
  });
});

describe('an installation', () => {
  it('is made of a configuration, which is read-only', () => {
    expectTypeOf(loadConfig).returns.toEqualTypeOf<Config>();
    expectTypeOf(createInstallation).parameter(0).toEqualTypeOf<Config>();
    expectTypeOf<Config['accounts']>().not.toExtend<Map<string, unknown>>();
  });

  it('is served by a worker in one of three roles, or in all', () => {
    expectTypeOf(startWorker).parameters.toEqualTypeOf<[options: WorkerOptions]>();
    expectTypeOf(startWorker).returns.resolves.toEqualTypeOf<RunningWorker>();
    expectTypeOf<WorkerRole>().toEqualTypeOf<'workflows' | 'provider' | 'transfer'>();
  });
});
