import { parseRetryAfter } from '../../../src/providers/retry-after.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 2 ', 2_000],
    ['0', 0],
    ['0.5', 500],
    ['-30', 0],
    ['3600', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['Sat, 21 Nov 2036 12:00:00 GMT', 3_600_000],
  ])('"%s" asks for %d ms', (header, expectedMs) => {
    expect(parseRetryAfter(header, NOW_MS)).toBe(expectedMs);
  });

  it.each([undefined, '', 'soon', '1e9', '0x10', 'NaN', 'Infinity', 'Sat, 99 Foo 2026', '12 34'])(
    '%p counts as absent',
    (header) => {
      expect(parseRetryAfter(header, NOW_MS)).toBeUndefined();
    },
  );
});
