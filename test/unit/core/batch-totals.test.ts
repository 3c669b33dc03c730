import { createTotalsCounter } from '../../../src/core/batch-totals.ts';
import type { ItemResult } from '../../../src/core/batch.ts';
import type { ErrorCode } from '../../../src/core/error-codes.ts';
import { toItemResult } from '../../../src/core/item-result.ts';

const failed = (id: string, code: ErrorCode): ItemResult =>
  toItemResult(() => 0, 'nightly', { id, model: 'studio/wan' }, 'failed', {
    code,
    message: `${id} failed`,
    details: {},
  });

describe('the totals of an output manifest', () => {
  it('count ends and artifacts, and failures by code: the most common first, with its first message and a few items', () => {
    const counter = createTotalsCounter();
    const money = [{ currency: 'USD', spent: '7', reserved: '0', unknown: '0' }];
    const done: ItemResult = { ...failed('done', 'ledger.conflict'), status: 'succeeded' };

    counter.add({ ...done, error: null });
    counter.add({ ...failed('late', 'provider.task_expired'), status: 'expired' });
    for (const id of ['a', 'b', 'c', 'd']) counter.add(failed(id, 'request.over_budget'));

    expect(counter.totals(money)).toEqual({
      items: 6,
      ended: { succeeded: 1, failed: 4, cancelled: 0, expired: 1 },
      artifacts: 0,
      money,
      failures: [
        {
          code: 'request.over_budget',
          items: 4,
          message: 'a failed',
          examples: ['a', 'b', 'c'],
        },
        expect.objectContaining({ code: 'provider.task_expired', items: 1, examples: ['late'] }),
      ],
    });
  });
});
