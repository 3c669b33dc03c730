import { placeWaitMs } from '../../../src/core/places.ts';
import type { Rank } from '../../../src/core/places.ts';
import { openRequest, result } from '../../contract/suites/ledger/ledger-under-test.ts';
import { createMemoryLedger } from '../../model/ledger/memory-ledger.ts';

const PLACES = 5;
const TASK_SECONDS = 60;
const START_MS = Date.UTC(2026, 10, 21, 9);

interface Waiting {
  readonly jobId: string;
  readonly tenant: string;
  readonly rank: Rank;
  readonly fromMs: number;
}

interface Run {
  readonly jobId: string;
  readonly tenant: string;
  readonly admittedMs: number;
  readonly waitedMs: number;
}

interface Line {
  readonly runs: readonly Run[];
  readonly asks: number;
}

/** Each job asks, waits as long as the port says, and asks again; time is that of the next ask or end. */
async function drain(jobs: readonly Waiting[]): Promise<Line> {
  const { ledger } = createMemoryLedger();
  const runs: Run[] = [];
  let asks = 0;
  const events = jobs.map((job) => ({ atMs: job.fromMs, job, isEnd: false }));
  for (;;) {
    events.sort((left, right) => left.atMs - right.atMs);
    const event = events.shift();
    if (event === undefined) return { runs, asks };
    const { atMs, job, isEnd } = event;
    const at = new Date(START_MS + atMs).toISOString();
    const { jobId, tenant, rank } = job;
    if (isEnd) {
      await ledger.closeJob(jobId, result({ jobId }), at);
      continue;
    }
    asks += 1;
    const facts = { places: PLACES, typicalSeconds: TASK_SECONDS };
    const answer = await ledger.openJob(openRequest({ jobId, tenant, rank, ...facts, at }));
    if (answer.kind === 'full') {
      const waitMs = placeWaitMs({ ahead: answer.ahead, ...facts });
      events.push({ atMs: atMs + waitMs, job, isEnd: false });
    } else {
      runs.push({ jobId, tenant, admittedMs: atMs, waitedMs: atMs - job.fromMs });
      events.push({ atMs: atMs + TASK_SECONDS * 1000, job, isEnd: true });
    }
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

const nightJob = (index: number, tenant = 'acme'): Waiting => ({
  jobId: `night-${index}`,
  tenant,
  rank: 'batch',
  fromMs: index,
});

/** Part of the time of all places in which a task ran, from the first job to the last. */
function utilisationOf(runs: readonly Run[]): number {
  const taskMs = TASK_SECONDS * 1000;
  const lastMs = Math.max(...runs.map(({ admittedMs }) => admittedMs)) + taskMs;
  return (runs.length * taskMs) / (PLACES * lastMs);
}

describe('500 jobs that wait for 5 places', () => {
  it('get them nearly in the order in which they came, leave none free for long, and ask seldom', async () => {
    const { runs, asks } = await drain(range(500).map((index) => nightJob(index)));

    expect(runs).toHaveLength(500);
    expect(utilisationOf(runs)).toBeGreaterThan(0.95);
    expect(asks / runs.length).toBeLessThan(30);
    const displaced = runs.map(({ jobId }, index) => Math.abs(index - Number(jobId.slice(6))));
    expect(Math.max(...displaced)).toBeLessThan(10 * PLACES);
  });

  it('of two tenants share them, although one asked for four times as many, and all before', async () => {
    const jobs = range(500).map((index) => nightJob(index, index < 400 ? 'many' : 'few'));

    const { runs, asks } = await drain(jobs);

    expect(runs).toHaveLength(500);
    expect(utilisationOf(runs)).toBeGreaterThan(0.95);
    expect(asks / runs.length).toBeLessThan(30);
    const endOfFew = runs.findLastIndex(({ tenant }) => tenant === 'few');
    expect(endOfFew).toBeLessThan(230);
    expect(endOfFew).toBeGreaterThan(170);
  });

  it('let each job that somebody waits for go first: it has the next place', async () => {
    const person = (index: number): Waiting => ({
      jobId: `person-${index}`,
      tenant: 'acme',
      rank: 'interactive',
      fromMs: 5_000 + index * 40_000,
    });

    const { runs } = await drain([
      ...range(450).map((index) => nightJob(index)),
      ...range(50).map(person),
    ]);

    expect(runs).toHaveLength(500);
    expect(utilisationOf(runs)).toBeGreaterThan(0.95);
    const waits = runs.filter(({ jobId }) => jobId.startsWith('person')).map((run) => run.waitedMs);
    expect(Math.max(...waits)).toBeLessThan((TASK_SECONDS + 15) * 1000);
  });
});
