import { toJobRerun } from '../../../src/activities/batch-rerun.ts';
import type { RerunScope } from '../../../src/core/batch.ts';
import type { ErrorCode } from '../../../src/core/error-codes.ts';
import type { CostState, JobResult } from '../../../src/core/job.ts';

interface End {
  readonly status: JobResult['status'];
  readonly code?: ErrorCode;
  /** Absent: the model has no price. */
  readonly cost?: CostState;
  readonly taskId?: string;
}

function toResult({ status, code, cost, taskId = 'task_1' }: End): JobResult {
  return {
    jobId: 'b/item',
    status,
    account: 'nexusflow',
    provider: 'nexusflow',
    model: 'wan2.6-t2v',
    taskId: taskId === '' ? null : taskId,
    submissions: 1,
    polls: 0,
    artifacts: [],
    cost: cost === undefined ? null : { currency: 'USD', micros: '1', basis: '', state: cost },
    error: code === undefined ? null : { code, message: '', details: {} },
    hold: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.000Z',
  };
}

function rerunOf(scope: RerunScope, end: End): string | undefined {
  const rerun = { id: 'r1', author: 'someone', reason: 'because', scope };
  return toJobRerun(rerun, toResult(end))?.from;
}

const refused: End = { status: 'failed', code: 'request.invalid', cost: 'released', taskId: '' };
const billedFailure: End = {
  status: 'failed',
  code: 'provider.generation_failed',
  cost: 'charged',
};
const unknown: End = { status: 'failed', code: 'provider.submit_unknown', cost: 'unknown' };
const unstored: End = { status: 'failed', code: 'storage.full', cost: 'charged' };
const deadUrl: End = { status: 'expired', code: 'provider.output_expired', cost: 'charged' };
const forgotten: End = { status: 'expired', code: 'provider.task_expired', cost: 'unknown' };
const done: End = { status: 'succeeded', cost: 'charged' };
const unpriced: End = { status: 'failed', code: 'request.invalid', taskId: '' };
const unpricedTask: End = { status: 'failed', code: 'provider.generation_failed' };

describe('which items a rerun takes', () => {
  it.each([
    [
      'failed',
      [refused, unpriced],
      [billedFailure, unknown, unstored, deadUrl, done, unpricedTask],
    ],
    ['expired', [deadUrl, forgotten], [refused, unstored, done]],
  ] as const)('%s submits anew for those alone', (scope, taken, left) => {
    expect(taken.map((end) => rerunOf(scope, end))).toEqual(taken.map(() => 'submit'));
    expect(left.map((end) => rerunOf(scope, end))).toEqual(left.map(() => undefined));
  });

  it('downloads fetches what is paid and not stored, and submits nothing', () => {
    expect([unstored, deadUrl].map((end) => rerunOf('downloads', end))).toEqual(['store', 'store']);
    const left = [refused, billedFailure, unknown, forgotten, done];
    expect(left.map((end) => rerunOf('downloads', end))).toEqual(left.map(() => undefined));
  });

  it('decides the same for the same item however often it is asked', () => {
    const rerun = { id: 'r1', author: 'someone', reason: 'because', scope: 'failed' } as const;
    const ids = [rerun, rerun, { ...rerun, id: 'r2' }].map(
      (each) => toJobRerun(each, toResult(refused))?.id,
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });
});
