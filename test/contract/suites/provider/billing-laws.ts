import { deepEqual, equal, ok } from 'node:assert/strict';
import type { JsonValue } from '../../../../src/core/json.ts';
import { toMicros } from '../../../../src/core/money.ts';
import type { Quote } from '../../../../src/core/money.ts';
import type { Snapshot, TaskStatus } from '../../../../src/core/provider.ts';
import type { ContractCase } from '../contract-case.ts';
import { isPlainJson } from '../plain-json.ts';
import type { MakeLaw, ProviderContractOptions } from './stage.ts';

const UNFINISHED: readonly TaskStatus[] = ['queued', 'running', 'failed', 'cancelled', 'expired'];

const TOKENS = { type: 'tokens', input_tokens: 1, output_tokens: 6, total_tokens: 7 };

/** One that may be billed, and some that no provider should print. */
const USAGES: readonly JsonValue[] = [
  TOKENS,
  null,
  'tokens',
  -1,
  [],
  {},
  { type: 'tokens', total_tokens: '7' },
  { type: 'tokens', total_tokens: -7 },
  { type: 'tokens', total_tokens: 1e300 },
  { type: 'tokens', total_tokens: 0.5 },
  { input_tokens: 1e300, output_tokens: 1e300 },
];

/** What a quote and a bill may say, whatever the request and whatever the provider printed. */
export function billingLaws(
  law: MakeLaw,
  options: ProviderContractOptions,
): readonly ContractCase[] {
  return [
    law('a quote is an exact amount that says how it came about, every time', async (stage) => {
      for (const request of options.requests) {
        const quote = stage.provider.quote(request);

        if (quote !== undefined) checkAmount(quote);
        deepEqual(stage.provider.quote(request), quote);
      }
      equal(stage.server.requests.length, 0);
    }),
    law('a bill is for a task that succeeded, exact, and asks nobody', async (stage) => {
      for (const request of options.requests) {
        for (const usage of USAGES) {
          const succeeded: Snapshot = { status: 'succeeded', providerStatus: 'x', usage };
          const bill = stage.provider.bill?.(request, succeeded);

          if (bill !== undefined) checkAmount(bill);
          deepEqual(stage.provider.bill?.(request, succeeded), bill);
          for (const status of UNFINISHED) {
            equal(stage.provider.bill?.(request, { ...succeeded, status }), undefined);
          }
        }
      }
      equal(stage.server.requests.length, 0);
    }),
    law('a task whose request has a price is not billed by what was printed', async (stage) => {
      for (const request of options.requests) {
        if (stage.provider.quote(request) === undefined) continue;
        const snapshot: Snapshot = { status: 'succeeded', providerStatus: 'x', usage: TOKENS };

        equal(stage.provider.bill?.(request, snapshot), undefined);
      }
    }),
  ];
}

function checkAmount(quote: Quote): void {
  ok(toMicros(quote.micros) >= 0n, quote.micros);
  ok(/^[A-Z]{3}$/.test(quote.currency), quote.currency);
  ok(quote.basis !== '' && quote.priceSource !== '');
  ok(isPlainJson(quote));
}
