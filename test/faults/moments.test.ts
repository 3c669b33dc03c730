import type { JobResult } from '../../src/core/job.ts';
import type { TaskSource } from '../../src/core/ledger.ts';
import { ANY_TEXT } from '../installation/any-value.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import type { MomentJob, MomentScene } from './scenes/moments.ts';
import { playMoments, SURVIVED } from './scenes/moments.ts';
import type { Outage } from './scenes/outages.ts';
import { ledgerLocked, noOutage, postgresStopped, serverKilled } from './scenes/outages.ts';

interface OutageCase {
  readonly name: string;
  readonly row: string;
  readonly open: () => Outage | Promise<Outage>;
}

/** What the surviving worker could not write is in the spool. */
const SPOOLED = SURVIVED.length;
const JOB_TIMEOUT_MS = 90_000;

const OUTAGES: readonly OutageCase[] = [
  { name: 'nothing else is wrong', row: '', open: noOutage },
  { name: 'the Temporal server is killed', row: ' F1', open: serverKilled },
  { name: 'the ledger is locked', row: ' F2', open: () => ledgerLocked(SPOOLED) },
  { name: 'PostgreSQL is stopped', row: ' F2', open: () => postgresStopped(SPOOLED) },
];

const scenes = new Map<string, MomentScene>();

/** All at once, each in an installation of its own: they spend their time waiting for the same timeouts. */
beforeAll(async () => {
  await Promise.all(
    OUTAGES.map(async ({ name, open }) => {
      scenes.set(name, await playMoments(await open()));
    }),
  );
}, 180_000);

afterAll(async () => {
  await Promise.all([...scenes.values()].map((scene) => scene.close()));
});

function installationWhere(outage: string): TestInstallation {
  const scene = scenes.get(outage);
  if (scene === undefined) throw new Error(`there is no installation where ${outage}`);
  return scene.installation;
}

type Case = readonly [title: string, outage: string, id: MomentJob, sources: readonly TaskSource[]];

function casesOf(
  moments: readonly (readonly [what: string, id: MomentJob, row: string, source: TaskSource])[],
  end: string,
): readonly Case[] {
  return OUTAGES.flatMap(({ name, row: outageRow }) =>
    moments.map(([what, id, row, source]): Case => {
      return [`${what} while ${name}: ${end} [${row}${outageRow}]`, name, id, [source]];
    }),
  );
}

const ENDS_BY_ITSELF = casesOf(
  [
    ['A reply is dropped', 'dropped-listed', 'C3', 'list'],
    ['A connection is reset after the request', 'reset-listed', 'C3', 'list'],
    ['A worker is killed between POST and reply', 'posting-listed', 'C3', 'list'],
    ['A worker is killed between reply and ledger', 'replied-listed', 'C4', 'list'],
    ['A worker is killed between ledger and completion', 'recorded-shared', 'C6', 'reply'],
  ],
  'one create, and the job ends by itself',
);

const IS_ADOPTED = casesOf(
  [
    ['A reply is dropped', 'dropped-shared', 'C3', 'operator'],
    ['A connection is reset after the request', 'reset-shared', 'C3', 'operator'],
    ['A worker is killed between POST and reply', 'posting-shared', 'C3', 'operator'],
  ],
  'one create, held with the evidence, finished by `jobs resolve --adopt`',
);

const IS_ANSWERED: readonly Case[] = OUTAGES.filter(({ row }) => row !== '').map(
  ({ name, row }) => [
    `A reply arrives while ${name}: one create, and the job ends by itself [${row.trim()}]`,
    name,
    'answered-shared',
    // A later step of the job and the spool's drain both write what the ledger could not take.
    ['reply', 'spool'],
  ],
);

/** The one create, the one submission and the one charge that a job ends with. */
async function expectOneOfEach(
  { creates, ledger }: TestInstallation,
  id: MomentJob,
  result: JobResult,
): Promise<void> {
  const [create, ...more] = creates(id);
  expect(more).toEqual([]);
  expect(result).toMatchObject({
    status: 'succeeded',
    taskId: create?.taskId,
    submissions: 1,
    hold: null,
    cost: { micros: '270000', state: 'charged' },
  });
  expect(result.artifacts).toHaveLength(1);
  const entries = await ledger.entries(id);
  expect(entries.filter(({ kind }) => kind === 'charge')).toHaveLength(1);
}

it.each([...ENDS_BY_ITSELF, ...IS_ANSWERED])(
  '%s',
  async (_title, outage, id, sources) => {
    const installation = installationWhere(outage);

    const result = await installation.client.job(id).result();

    await expectOneOfEach(installation, id, result);
    const [submission] = await installation.ledger.submissions(id);
    expect(submission?.state).toBe('accepted');
    expect(sources).toContain(submission?.source);
  },
  JOB_TIMEOUT_MS,
);

it.each(IS_ADOPTED)(
  '%s',
  async (_title, outage, id, sources) => {
    const installation = installationWhere(outage);
    const { client, creates, pollux, ledger } = installation;
    const job = client.job(id);
    await until('a hold', async () => (await job.state()).status === 'held', JOB_TIMEOUT_MS);
    const taskId = creates(id)[0]?.taskId ?? '';
    expect((await job.state()).hold).toMatchObject({
      reason: 'submit_unknown',
      number: 1,
      evidence: { reason: ANY_TEXT, worker: ANY_TEXT, candidates: [{ taskId }] },
    });

    const { exitCode } = await pollux(
      ...['jobs', 'resolve', id, '--adopt', taskId],
      ...['--author', 'mona', '--reason', 'found in the dashboard'],
    );

    expect(exitCode).toBe(0);
    await expectOneOfEach(installation, id, await job.result());
    const [submission] = await ledger.submissions(id);
    expect(submission?.state).toBe('accepted');
    expect(sources).toContain(submission?.source);
  },
  JOB_TIMEOUT_MS,
);
