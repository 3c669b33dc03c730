import {
  leastDownloadMs,
  toClockMoments,
  toDeadline,
  toUrgency,
} from '../../../src/core/clocks.ts';

describe('deadlines', () => {
  it('end before the provider forgets, by a margin of two per cent within bounds', () => {
    expect(toDeadline(0, 86_400)).toBe(86_400_000 - 300_000);
    expect(toDeadline(0, 600)).toBe(588_000);
    expect(toDeadline(1_000, 10)).toBe(10_000);
  });

  it('leave half of a very short life', () => {
    expect(toDeadline(0, 1)).toBe(500);
  });
});

describe('the two clocks', () => {
  const timing = { taskLifeSeconds: 1_000, urlLifeSeconds: 100 };
  const facts = { timing, armedAtMs: 0, lastUnfinishedAtMs: 60_000, extraLifeMs: 0 };

  it('count the task from arming and the URL from the last reading that showed the task unfinished', () => {
    const { taskEndsAtMs, urlEndsAtMs } = toClockMoments(facts);

    expect(taskEndsAtMs).toBe(980_000);
    expect(urlEndsAtMs).toBe(60_000 + 98_000);
  });

  it('leave time for the download, and for the reading before it', () => {
    const { lastSafeDownloadAtMs, lastSafePollAtMs } = toClockMoments(facts);

    expect(lastSafeDownloadAtMs).toBe(60_000 + 98_000 - 5_000);
    expect(lastSafePollAtMs).toBe(lastSafeDownloadAtMs);
  });

  it('end the readings with the task where that is earlier', () => {
    const late = toClockMoments({ ...facts, lastUnfinishedAtMs: 970_000 });

    expect(late.lastSafePollAtMs).toBe(late.taskEndsAtMs);
  });

  it('are both extended by what an operator adds', () => {
    const extended = toClockMoments({ ...facts, extraLifeMs: 5_000 });

    expect(extended.taskEndsAtMs).toBe(985_000);
    expect(extended.urlEndsAtMs).toBe(163_000);
  });

  it('give a download some time also when they are over', () => {
    expect(leastDownloadMs(86_400)).toBe(600_000);
    expect(leastDownloadMs(100)).toBe(5_000);
    expect(leastDownloadMs(1)).toBe(2_000);
  });
});

describe('urgency', () => {
  it.each([
    [60_000, { risesInMs: 10_000 }],
    [50_000, { priorityKey: 2, risesInMs: 40_000 }],
    [10_001, { priorityKey: 2, risesInMs: 1 }],
    [10_000, { priorityKey: 1 }],
    [-5, { priorityKey: 1 }],
  ])('of a step with %i ms of 100 s left', (remainingMs, urgency) => {
    expect(toUrgency(remainingMs, 100)).toEqual(urgency);
  });
});
