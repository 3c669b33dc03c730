import { INDEX_RULES, runOracle } from '../../bench/schedule/oracle.ts';
import type { LogEntry } from '../../simulator/index.ts';
import { writeFigures } from '../installation/figures.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';

/** Time runs so much faster than at the provider, whose minute is as much shorter. */
const SCALE = 10;
const JOBS = 100;
const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 300;
const READS_PER_MINUTE = 60;
/** What the schedule may lose against somebody who knows how long such videos take. */
const MOST_LAG_SHARE = 1.5;

const MODEL = 'busy/wan2.6-t2v';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    simulator: {
      durationsMs: {
        video: [(SHORTEST_SECONDS * 1000) / SCALE, (LONGEST_SECONDS * 1000) / SCALE],
      },
      limits: { readsPerMinute: READS_PER_MINUTE, minuteMs: 60_000 / SCALE },
    },
    accounts: {
      busy: {
        provider: 'nexusflow',
        limits: { pollsPerMinute: READS_PER_MINUTE * SCALE, concurrentTasks: JOBS },
        timing: {
          firstPollSeconds: 15 / SCALE,
          minPollSeconds: 10 / SCALE,
          maxPollSeconds: 15 / SCALE,
        },
      },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

/** One task in the provider's time: seconds since the first create. */
interface Watched {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly noticedSeconds: number;
}

describe(`${JOBS} videos of 1 to 5 minutes on a key that allows ${READS_PER_MINUTE} readings a minute`, () => {
  it(`are noticed with at most ${MOST_LAG_SHARE} times the lag of an oracle, without one 429 [F6 I9]`, async () => {
    const { client, simulator } = installation;
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, (_, index) =>
        client.start(
          { model: MODEL, prompt: `busy ${index}`, durationSeconds: 3 },
          { jobId: `busy-${index}` },
        ),
      ),
    );
    const results = await Promise.all(jobs.map((job) => job.result()));

    const log = simulator.log();
    const watched = watch(log);
    const lags = watched.map(({ endSeconds, noticedSeconds }) => noticedSeconds - endSeconds);
    const oracle = bestLag(watched);
    const mean = meanOf(lags);
    const longest = Math.max(...lags);
    writeFigures([
      { name: 'poll budget: mean lag', value: mean, unit: 's' },
      { name: 'poll budget: mean lag of the oracle', value: oracle, unit: 's' },
      { name: 'poll budget: longest lag', value: longest, unit: 's' },
    ]);

    expect(results.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    expect(log.filter(({ kind, status }) => kind === 'refused' && status === 429)).toEqual([]);
    expect(watched).toHaveLength(JOBS);
    expect(mean).toBeLessThanOrEqual(MOST_LAG_SHARE * oracle);
    expect(longest).toBeLessThan(LONGEST_SECONDS);
  }, 180_000);
});

function watch(log: readonly LogEntry[]): readonly Watched[] {
  const creates = log.filter(({ kind }) => kind === 'create');
  const firstMs = Math.min(...creates.map(({ at }) => Date.parse(at)));
  const toSeconds = (at: string): number => ((Date.parse(at) - firstMs) / 1000) * SCALE;
  return creates.flatMap(({ taskId, at }) => {
    const end = log.find((entry) => entry.kind === 'end' && entry.taskId === taskId);
    const noticed = log.find(
      (entry) =>
        entry.kind === 'read' && entry.taskId === taskId && entry.seq > (end?.seq ?? Infinity),
    );
    if (end === undefined || noticed === undefined) return [];
    return [
      {
        startSeconds: toSeconds(at),
        endSeconds: toSeconds(end.at),
        noticedSeconds: toSeconds(noticed.at),
      },
    ];
  });
}

/** The mean lag of the best rule that knows the distribution and may use the whole budget. */
function bestLag(watched: readonly Watched[]): number {
  const fleet = {
    startsSeconds: watched.map(({ startSeconds }) => startSeconds),
    durationsSeconds: watched.map(({ startSeconds, endSeconds }) => endSeconds - startSeconds),
    readingsPerSecond: READS_PER_MINUTE / 60,
  };
  const means = Object.values(INDEX_RULES).map((index) =>
    meanOf(runOracle(fleet, unfinishedShare, index).lagsSeconds),
  );
  return Math.min(...means);
}

function unfinishedShare(ageSeconds: number): number {
  const share = (LONGEST_SECONDS - ageSeconds) / (LONGEST_SECONDS - SHORTEST_SECONDS);
  return Math.min(1, Math.max(0, share));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
