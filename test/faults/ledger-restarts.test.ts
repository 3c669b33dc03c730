import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from '../../simulator/index.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import type { EntryRecord, SubmissionRecord } from '../../src/core/ledger.ts';
import { toMicros } from '../../src/core/money.ts';
import { writeFigures } from '../installation/figures.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { PostgresLedgers } from '../installation/postgres-ledgers.ts';
import { until } from '../installation/until.ts';

/** The default keeps a test run short; `POLLUX_RESTART_JOBS=500` is what the figures in the documentation are of. */
const JOBS = Number(process.env['POLLUX_RESTART_JOBS'] ?? 100);
const STARTERS = 8;
const UP_MS = [1_500, 3_500] as const;
const DOWN_MS = [100, 1_200] as const;
const SECONDS_PER_JOB = 4;
const QUIET_MS = 120_000;
const TIMEOUT_MS = JOBS * SECONDS_PER_JOB * 1_000 + QUIET_MS;

let place: PostgresLedgers;
let installation: TestInstallation;

beforeAll(async () => {
  place = await PostgresLedgers.start();
  installation = await openInstallation({
    ledgerUrl: place.url,
    accounts: { nexusflow: { exclusive: true, limits: { concurrentTasks: 1_000 } } },
    simulator: { durationsMs: { video: [200, 1_500] } },
  });
  await Promise.all([installation.startWorker(), installation.startWorker()]);
}, 120_000);

afterAll(async () => {
  await installation.close();
  await place.server.close();
});

/** Four models at two resolutions, three to six seconds: amounts that differ. */
function requestOf(index: number): MediaRequest {
  const resolution = index % 2 === 0 ? '720P' : '1080P';
  const rest = { prompt: `restarts ${index}`, durationSeconds: 3 + (index % 4), resolution };
  switch (index % 5) {
    case 0:
      return { model: 'nexusflow/happyhorse-1.0-t2v', ...rest };
    case 1:
      return { model: 'nexusflow/pixverse-v6', audio: true, ...rest };
    case 2:
      return { model: 'nexusflow/pixverse-v6', audio: false, ...rest };
    default:
      return { model: 'nexusflow/wan2.6-t2v', ...rest };
  }
}

async function startAll(): Promise<void> {
  const left = Array.from({ length: JOBS }, (_, index) => index);
  const starters = Array.from({ length: STARTERS }, async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      await installation.client.start(requestOf(index), { jobId: `restarts-${index}` });
    }
  });
  await Promise.all(starters);
}

const between = ([least, most]: readonly [number, number]): number =>
  least + Math.random() * (most - least);

/** Stops the server as a crash does and starts it, again and again. Resolves with how often; the server is up then. */
async function restartUntil(isOver: () => boolean): Promise<number> {
  let restarts = 0;
  while (!isOver()) {
    await delay(between(UP_MS));
    await place.server.stop('immediate');
    await delay(between(DOWN_MS));
    await place.server.start();
    restarts += 1;
  }
  return restarts;
}

/** Jobs that have ended or wait for an operator, by what the workflows say: they do not need the ledger. */
async function areSettled(): Promise<boolean> {
  for (let index = 0; index < JOBS; index += 1) {
    const { status } = await installation.client.job(`restarts-${index}`).state();
    if (!SETTLED.has(status)) return false;
  }
  return true;
}

const SETTLED: ReadonlySet<string> = new Set([
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'held',
]);

interface Books {
  readonly submissions: readonly SubmissionRecord[];
  readonly entries: readonly EntryRecord[];
  /** Ended tasks that the provider has billed. */
  readonly billed: readonly LogEntry[];
}

async function readBooks(): Promise<Books> {
  const { ledger, simulator } = installation;
  const submissions = await ledger.allSubmissions({});
  const entries: EntryRecord[] = [];
  for await (const entry of ledger.allEntries({})) entries.push(entry);
  const billed = simulator.log().filter(({ kind, bill }) => kind === 'end' && bill !== undefined);
  return { submissions, entries, billed };
}

/** One line per task that the provider billed and the ledger did not charge once, at the same amount. */
function findMischarged(
  { submissions, entries, billed }: Books,
  held: ReadonlySet<string>,
): string[] {
  return billed.flatMap(({ taskId, bill }) => {
    const owner = submissions.find((row) => row.taskId === taskId);
    const charges = entries.filter(
      ({ jobId, number, kind }) =>
        kind === 'charge' && jobId === owner?.jobId && number === owner.number,
    );
    const amounts = charges.map(({ micros, currency }) => `${micros} ${currency}`).join(', ');
    const isHeld = charges.length === 0 && (owner === undefined || held.has(owner.jobId));
    if (isHeld || amounts === `${bill?.micros ?? ''} ${bill?.currency ?? ''}`) return [];
    return [`task ${taskId ?? ''}: charged ${amounts}, billed ${bill?.micros ?? ''}`];
  });
}

const sum = (amounts: readonly string[]): string =>
  amounts.reduce((total, micros) => total + toMicros(micros), 0n).toString();

describe('a PostgreSQL that crashes every few seconds [F2 F3]', () => {
  it(
    `[I5 F3] leaves ${JOBS} jobs ended or held, every success charged once, and sums that are the provider’s bill`,
    async () => {
      const { client, ledger, simulator } = installation;
      const startedMs = Date.now();
      let isOver = false;
      const restarting = restartUntil(() => isOver);
      try {
        // One in ten fails, so that money is released, too.
        simulator.addFaults([
          {
            operation: 'create',
            times: Math.ceil(JOBS / 10),
            after: Math.floor(JOBS / 4),
            fault: { kind: 'fail_task' },
          },
        ]);
        await startAll();
        await until('every job to be ended or held', areSettled, TIMEOUT_MS - QUIET_MS);
      } finally {
        isOver = true;
      }
      const restarts = await restarting;
      const seconds = (Date.now() - startedMs) / 1_000;
      const open = await until('the ledger', () =>
        ledger.jobs({ status: 'open' }).catch(() => undefined),
      );
      const sweep = await installation.pollux('sweep', '--json');
      const audit = await installation.pollux('audit', '--json');
      const held = new Set(open.map(({ jobId }) => jobId));
      const books = await readBooks();
      const totals = await ledger.summarizeMoney({}, []);
      const settled = books.billed.filter(({ taskId }) =>
        books.submissions.some((row) => row.taskId === taskId && !held.has(row.jobId)),
      );
      report({ restarts, seconds, held: held.size, charged: totals[0]?.chargedMicros ?? '0' });

      for (const { jobId } of open) expect((await client.job(jobId).state()).status).toBe('held');
      expect(findMischarged(books, held)).toEqual([]);
      expect(totals).toMatchObject([
        {
          currency: 'USD',
          chargedMicros: sum(settled.map(({ bill }) => bill?.micros ?? '0')),
          estimatedMicros: '0',
          charges: settled.length,
        },
      ]);
      if (held.size === 0) {
        expect(settled).toHaveLength(books.billed.length);
        expect(totals).toMatchObject([{ reservedMicros: '0', unknownMicros: '0' }]);
      }
      expect(simulator.log().filter(({ kind }) => kind === 'create').length).toBe(JOBS);
      expect(restarts).toBeGreaterThanOrEqual(3);
      expect(JSON.parse(sweep.stdout)).toMatchObject({ problems: { total: 0 } });
      expect(violationsOf(audit.stdout)).toEqual([]);
      expect(await ledger.check()).toEqual([]);
      expect(audit.exitCode).toBe(0);
    },
    TIMEOUT_MS,
  );
});

function violationsOf(stdout: string): readonly unknown[] {
  const { invariants } = JSON.parse(stdout) as { invariants: readonly { verdict: string }[] };
  return invariants.filter(({ verdict }) => verdict !== 'holds');
}

interface Findings {
  readonly restarts: number;
  readonly seconds: number;
  readonly held: number;
  readonly charged: string;
}

function report({ restarts, seconds, held, charged }: Findings): void {
  process.stderr.write(
    `ledger restarts: ${JOBS} jobs, ${restarts} crashes of PostgreSQL in ${Math.round(seconds)} s, ${held} held, ` +
      `${charged} micros USD charged\n`,
  );
  writeFigures([
    { name: 'ledger restarts: jobs', value: JOBS, unit: 'jobs' },
    { name: 'ledger restarts: crashes of PostgreSQL', value: restarts, unit: 'crashes' },
    { name: 'ledger restarts: held for an operator', value: held, unit: 'jobs' },
    { name: 'ledger restarts: duration', value: Math.round(seconds), unit: 's' },
  ]);
}
