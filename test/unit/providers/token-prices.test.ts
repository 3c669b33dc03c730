import { startSimulator } from '../../../simulator/index.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import type { Price } from '../../../src/core/money.ts';
import type { Provider, Snapshot } from '../../../src/core/provider.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';
import { watchCalls } from '../../contract/suites/provider-calls.ts';

const PER_TOKEN: Price = {
  currency: 'USD',
  unit: 'token',
  micros: '15',
  when: {},
  source: 'contract 2026-10',
};
const REQUEST = { model: 'doubao-seedance-1-0-pro', prompt: 'a lighthouse' };

function open(name: 'rixapi' | 'dieyuyun', prices: readonly Price[], currency = 'USD'): Provider {
  return PROVIDERS[name]({
    baseUrl: 'https://api.example.com',
    currency,
    prices: new Map([[REQUEST.model, prices]]),
    allowPrivateHosts: false,
  });
}

function ended(usage: JsonValue | undefined, status: Snapshot['status'] = 'succeeded'): Snapshot {
  return { status, providerStatus: 'x', ...(usage === undefined ? {} : { usage }) };
}

const tokens = (total: JsonValue): JsonValue => ({ type: 'tokens', total_tokens: total });

describe('a price per token', () => {
  it('is no quote, since nobody knows the tokens yet', () => {
    expect(open('rixapi', [PER_TOKEN]).quote(REQUEST)).toBeUndefined();
  });

  it('is billed by the total that RixAPI prints, with the arithmetic in words', () => {
    const usage = { type: 'tokens', output_tokens: 108_900, total_tokens: 108_901 };

    expect(open('rixapi', [PER_TOKEN]).bill?.(REQUEST, ended(usage))).toEqual({
      currency: 'USD',
      micros: '1633515',
      basis: '108901 tokens × 15 micros/token',
      priceSource: 'contract 2026-10',
      estimated: false,
    });
  });

  it.each([
    [{ input_tokens: 20, output_tokens: 300 }, '4800'],
    [{ input_tokens: 20, output_tokens: 300, total_tokens: 321 }, '4815'],
    [{ input_tokens: 0, output_tokens: 0 }, '0'],
    [{ output_tokens: 300 }, undefined],
  ])('is billed by what DieyuYun prints: %j is %p', (usage, micros) => {
    expect(open('dieyuyun', [PER_TOKEN]).bill?.(REQUEST, ended(usage))?.micros).toBe(micros);
  });

  it.each<[string, JsonValue | undefined]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'many'],
    ['a list', [1]],
    ['no total', { type: 'tokens', output_tokens: 7 }],
    ['a usage of another type', { type: 'seconds', total_tokens: 7 }],
    ['a usage without a type', { total_tokens: 7 }],
    ['a total as text', tokens('7')],
    ['a part of a token', tokens(7.5)],
    ['less than nothing', tokens(-1)],
    ['more than can be counted', tokens(1e9 + 1)],
  ])('is not billed where the provider prints %s', (_, usage) => {
    expect(open('rixapi', [PER_TOKEN]).bill?.(REQUEST, ended(usage))).toBeUndefined();
  });

  it.each(['queued', 'running', 'failed', 'cancelled', 'expired'] as const)(
    'is not billed for a task that is %s',
    (status) => {
      expect(open('rixapi', [PER_TOKEN]).bill?.(REQUEST, ended(tokens(7), status))).toBeUndefined();
    },
  );

  it('is not billed in another currency than the account’s', () => {
    expect(open('rixapi', [PER_TOKEN], 'CNY').bill?.(REQUEST, ended(tokens(7)))).toBeUndefined();
  });

  it('is not billed where the request has a price without it: the quote stands', () => {
    const perItem: Price = { ...PER_TOKEN, unit: 'item', micros: '20000' };
    const provider = open('rixapi', [perItem]);

    expect(provider.quote(REQUEST)?.micros).toBe('20000');
    expect(provider.bill?.(REQUEST, ended(tokens(7)))).toBeUndefined();
  });

  it.each([
    [{ resolution: '1080P' }, '30000'],
    [{ resolution: '720P' }, '15000'],
    [{}, '30000'],
  ])('may depend on the request: with %j a thousand tokens cost %s', (extra, micros) => {
    const provider = open('rixapi', [
      { ...PER_TOKEN, when: { resolution: '720P' } },
      { ...PER_TOKEN, when: { resolution: '1080P' }, micros: '30' },
    ]);

    const bill = provider.bill?.({ ...REQUEST, extra }, ended(tokens(1_000)));

    expect(bill?.micros).toBe(micros);
  });

  it('is exact for the most tokens that count', () => {
    const bill = open('rixapi', [PER_TOKEN]).bill?.(REQUEST, ended(tokens(1e9)));

    expect(bill?.micros).toBe('15000000000');
  });

  it('is billed by what a gateway that knows nothing of the adapter prints at the end', async () => {
    let nowMs = Date.UTC(2026, 10, 21);
    const simulator = await startSimulator({ nowMs: () => nowMs });
    const provider = PROVIDERS.rixapi({
      baseUrl: simulator.baseUrls.rixapi,
      currency: 'USD',
      prices: new Map([[REQUEST.model, [PER_TOKEN]]]),
      allowPrivateHosts: true,
    });
    const calls = watchCalls(provider);
    try {
      const submission = await calls.submit(REQUEST);
      if (submission.outcome !== 'accepted') throw new Error(JSON.stringify(submission));
      nowMs += 600_000;
      const reading = await calls.read(submission.operation);
      if (reading.outcome !== 'read') throw new Error(JSON.stringify(reading));
      const { usage } = reading.snapshot as { usage?: { total_tokens?: number } };

      expect(usage?.total_tokens).toBeGreaterThan(100_000);
      expect(provider.bill?.(REQUEST, reading.snapshot)?.micros).toBe(
        String(15 * (usage?.total_tokens ?? 0)),
      );
    } finally {
      await simulator.close();
    }
  });
});
