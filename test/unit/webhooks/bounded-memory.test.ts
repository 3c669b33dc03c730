import { BoundedMap } from '../../../src/webhooks/bounded-map.ts';
import { RateLimit } from '../../../src/webhooks/rate-limit.ts';

describe('a bounded map', () => {
  it('forgets what was not used for the longest time, and holds no more than its capacity', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);

    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  });

  it('keeps one value for a key', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('a', 2);
    map.delete('b');

    expect([map.get('a'), map.size]).toEqual([2, 1]);
  });
});

describe('a rate limit', () => {
  it('gives nothing for a clock that was set back', () => {
    let now = 100_000;
    const limit = new RateLimit({ clock: () => now, burst: 1, refillMs: 1_000, capacity: 10 });
    limit.take('a');
    now -= 50_000;

    expect(limit.take('a')).toBe(1_000);
    now += 1_000;
    expect(limit.take('a')).toBe(0);
  });
});
