import type { Price } from '../../../src/core/money.ts';
import type { Provider } from '../../../src/core/provider.ts';
import { createNexusFlow } from '../../../src/providers/nexusflow/index.ts';

const VIDEO = 'https://example.com/a.mp4';

function nexusFlow(currency = 'USD', prices: Record<string, Price[]> = {}): Provider {
  return createNexusFlow({
    baseUrl: 'https://nexusflow.vip',
    currency,
    prices: new Map(Object.entries(prices)),
    allowPrivateHosts: false,
  });
}

describe('the NexusFlow prices', () => {
  it.each([
    ['720P', '250000'],
    ['1080P', '500000'],
  ])(
    'quote a model whose sound is not asked for at %s by the dearer line',
    (resolution, micros) => {
      expect(nexusFlow().quote({ model: 'pixverse-v6', resolution })?.micros).toBe(micros);
    },
  );

  it('are none for an image model, which no page prices', () => {
    expect(nexusFlow().quote({ model: 'wan2.6-t2i', prompt: 'x' })).toBeUndefined();
  });

  it('quote five seconds at 720P where the request says nothing, with the arithmetic in words', () => {
    expect(nexusFlow().quote({ model: 'wan2.6-t2v', prompt: 'x' })).toEqual({
      currency: 'USD',
      micros: '450000',
      basis: '5 s × 90000 micros/s, 720P',
      priceSource: 'NexusFlow video page, 2026-11-21',
      estimated: false,
    });
  });

  it('quote a video edit by the most it can be, until the file tells its length', () => {
    const request = { model: 'happyhorse-1.0-video-edit', prompt: 'x', videoUrl: VIDEO };

    expect(nexusFlow('CNY').quote(request)).toMatchObject({ micros: '13500000', estimated: true });
    expect(nexusFlow('CNY').quote({ ...request, durationSeconds: 7.04 })).toMatchObject({
      micros: '6336000',
      estimated: false,
    });
  });

  it('are replaced by the account’s own in its currency, line by line of the model', () => {
    const own: Price = {
      currency: 'USD',
      unit: 'item',
      micros: '20000',
      when: {},
      source: 'contract',
    };
    const provider = nexusFlow('USD', { 'wan2.6-t2i': [own], 'wan2.6-t2v': [own] });

    expect(provider.quote({ model: 'wan2.6-t2i', count: 3 })).toMatchObject({
      micros: '60000',
      basis: '3 items × 20000 micros/item',
      priceSource: 'contract',
    });
    expect(provider.models.find('wan2.6-t2v')?.prices).toEqual([own]);
    expect(provider.models.find('wan2.6-i2v')?.prices).toHaveLength(2);
  });

  it('list the account’s currency first', () => {
    const prices = nexusFlow('CNY').models.find('happyhorse-1.0-t2v')?.prices ?? [];

    expect(prices.map(({ currency }) => currency)).toEqual(['CNY', 'CNY', 'USD', 'USD']);
  });
});
