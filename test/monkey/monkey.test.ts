import { isEndStatus } from '../../src/core/job.ts';
import type { JobRecord } from '../../src/core/ledger.ts';
import { writeFigures } from '../installation/figures.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { Random } from '../model/random.ts';
import { Chaos } from './chaos.ts';

const JOBS = Number(process.env['POLLUX_MONKEY_JOBS'] ?? 60);
const MINUTES = Number(process.env['POLLUX_MONKEY_MINUTES'] ?? 0.5);
const SEED = Number(process.env['POLLUX_SEED'] ?? Math.floor(Math.random() * 1e9));
const MODELS = ['nexusflow/wan2.6-t2v', 'gateway/kling-v2', 'dieyuyun/gpt-image-2'] as const;
const QUIET_MS = 240_000;

let installation: TestInstallation;

beforeAll(async () => {
  const limits = { concurrentTasks: 40 };
  const timing = { submitTimeoutSeconds: 3 };
  installation = await openInstallation({
    isDurable: true,
    accounts: {
      nexusflow: { provider: 'nexusflow', exclusive: true, limits, timing },
      gateway: { provider: 'rixapi', limits, timing },
      dieyuyun: { provider: 'dieyuyun', limits, timing },
    },
    simulator: { durationsMs: { video: [1_000, 20_000], image: [1_000, 10_000] } },
  });
}, 60_000);

afterAll(() => installation.close());

const promptOf = (index: number): string => `monkey ${index}`;

/** A start that met an outage is repeated under the same id, as a caller would. */
async function start(index: number): Promise<void> {
  const [video, gateway, image] = MODELS;
  const prompt = promptOf(index);
  const requests = [
    { model: video, prompt, durationSeconds: 3 },
    { model: gateway, prompt },
    { model: image, prompt, size: '512x512' },
  ] as const;
  const request = requests[index % requests.length] ?? requests[0];
  await until(
    `job ${index} to be started`,
    () =>
      installation.client.start(request, { jobId: `monkey-${index}` }).then(
        () => true,
        () => false,
      ),
    120_000,
  );
}

async function unsettled(): Promise<readonly JobRecord[]> {
  const open = await installation.ledger.jobs({ status: 'open' });
  const states = await Promise.all(
    open.map((job) =>
      installation.client
        .job(job.jobId)
        .state()
        .then(
          ({ status }) => ({ job, isSettled: status === 'held' || isEndStatus(status) }),
          () => ({ job, isSettled: false }),
        ),
    ),
  );
  return states.filter(({ isSettled }) => !isSettled).map(({ job }) => job);
}

describe('all dependencies failing at random [F1 F2 F6 F7 F8]', () => {
  it(
    `leaves ${JOBS} jobs ended or held, none bought twice, and an audit without a violation`,
    async () => {
      const random = new Random(SEED);
      const chaos = new Chaos(installation, random);
      await chaos.startWorkers(2);
      const startedAtMs = Date.now();
      const starting = Array.from({ length: JOBS }, (_unused, index) => index);
      const starters = Array.from({ length: 4 }, async () => {
        for (let index = starting.shift(); index !== undefined; index = starting.shift()) {
          await start(index);
        }
      });
      await chaos.disturb(startedAtMs + MINUTES * 60_000);
      await Promise.all(starters);
      await until(
        'every job to be ended or held',
        async () => {
          const { ledger } = installation;
          const all = await ledger.jobs({});
          return all.length === JOBS && (await unsettled()).length === 0;
        },
        QUIET_MS,
      );
      const quietSeconds = Math.round((Date.now() - startedAtMs) / 1000 - MINUTES * 60);

      const sweep = await installation.pollux('sweep', '--json');
      const audit = await installation.pollux('audit', '--json');
      const jobs = await installation.ledger.jobs({});
      const creates = jobs.map((_job, index) => installation.creates(promptOf(index)).length);
      const held = jobs.filter(({ endedAt }) => endedAt === null).length;
      const twice = creates.filter((count) => count > 1);
      const accepted = creates.reduce((total, count) => total + count, 0);
      report({ chaos, jobs, held, quietSeconds, accepted, twice: twice.length });

      expect(twice).toEqual([]);
      expect(JSON.parse(sweep.stdout)).toMatchObject({ problems: { total: 0 } });
      const { invariants } = JSON.parse(audit.stdout) as {
        invariants: readonly { invariant: string; verdict: string; violations: unknown }[];
      };
      expect(invariants.filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
      expect(audit.exitCode).toBe(0);
    },
    MINUTES * 60_000 + QUIET_MS + 180_000,
  );
});

interface Findings {
  readonly chaos: Chaos;
  readonly jobs: readonly JobRecord[];
  readonly held: number;
  readonly quietSeconds: number;
  readonly accepted: number;
  readonly twice: number;
}

/** One line for a person, and the figures of the crash matrix where it asks for them. */
function report({ chaos, jobs, held, quietSeconds, accepted, twice }: Findings): void {
  const kinds = [...chaos.counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
  const succeeded = jobs.filter(({ end }) => end === 'succeeded').length;
  process.stderr.write(
    `monkey: seed ${SEED}, ${jobs.length} jobs, ${accepted} creates accepted, ${succeeded} succeeded, ${held} held, ` +
      `all settled ${quietSeconds} s after the last disturbance; ${kinds}\n`,
  );
  writeFigures([
    { name: 'monkey: jobs', value: jobs.length, unit: 'jobs' },
    { name: 'monkey: succeeded', value: succeeded, unit: 'jobs' },
    { name: 'monkey: held for an operator', value: held, unit: 'jobs' },
    { name: 'monkey: bought twice', value: twice, unit: 'jobs' },
    { name: 'monkey: disturbances', value: sum(chaos.counts), unit: 'faults' },
    { name: 'monkey: settled after the last disturbance', value: quietSeconds, unit: 's' },
  ]);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
