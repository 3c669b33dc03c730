import { resubmitDelayMs } from '../../../src/core/resubmit-delay.ts';

describe('the wait before the next submission', () => {
  it('doubles from two seconds to five minutes, or is what the provider asked for', () => {
    expect(resubmitDelayMs(1, undefined)).toBe(2_000);
    expect(resubmitDelayMs(3, undefined)).toBe(8_000);
    expect(resubmitDelayMs(60, undefined)).toBe(300_000);
    expect(resubmitDelayMs(1, 90_000)).toBe(90_000);
  });
});
