import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AcceptedTask, SubmitOutcome } from '../../src/activities/index.ts';
import type { Artifact, JobResult } from '../../src/core/job.ts';
import type { EntryRecord } from '../../src/core/ledger.ts';
import { createFileSystemStore } from '../../src/storage/file-system.ts';
import { measureFile } from '../installation/stored-file.ts';
import { ACCOUNT } from './account.ts';
import type { ActivityCall, Failpoint, ProcessEnd } from './activity-process.ts';
import { judge } from './judge.ts';
import type { World } from './world.ts';
import { inWorld, JOB, resultOf } from './world.ts';

const QUOTE = {
  currency: 'USD',
  micros: '350000',
  basis: '1 item × 350000 micros/item',
  priceSource: 'contract 2026-10',
  estimated: false,
};

/** A job whose task has been accepted. */
async function accept(world: World): Promise<AcceptedTask> {
  const outcome = await world.later((worker) => worker.submit(1));
  return outcome as Extract<SubmitOutcome, { outcome: 'accepted' }>;
}

const kill = (activity: string, moment: string, count = 1): readonly Failpoint[] => [
  { activity, moment, count, action: 'kill' },
];

/** Runs an activity in a process that is killed, then in one that is not, as the server does. */
async function killedThenAgain(
  world: World,
  call: ActivityCall,
  failpoints: readonly Failpoint[],
): Promise<ProcessEnd> {
  const { signal, stderr } = await world.run([call], { failpoints });
  if (signal !== 'SIGKILL') throw new Error(`the moment to be killed at never came: ${stderr}`);
  return await world.run([call]);
}

const kindsOf = (entries: readonly EntryRecord[]): readonly string[] =>
  entries.map(({ kind }) => kind);

describe('recordCost', () => {
  const toCall = (task: AcceptedTask): ActivityCall => [
    'recordCost',
    {
      jobId: JOB,
      number: 1,
      task,
      quote: QUOTE,
      end: { status: 'succeeded', providerStatus: 'completed' },
    },
  ];

  it.each([
    ['C12 killed before the charge is committed: charged once', '^before sql commit'],
    ['C13 killed after the charge is committed: charged once', '^after sql commit'],
  ])('%s', (_, moment) =>
    inWorld({}, async (world) => {
      const call = toCall(await accept(world));
      const again = await killedThenAgain(world, call, kill('recordCost', moment));

      expect(resultOf(again, 'recordCost')).toMatchObject({
        kind: 'booked',
        cost: { currency: 'USD', micros: '350000', state: 'charged' },
      });
      expect(kindsOf(await world.look((ledger) => ledger.entries(JOB)))).toEqual([
        'reserve',
        'charge',
      ]);
      expect(await world.look((ledger) => ledger.placesTaken(ACCOUNT))).toBe(0);
      expect((await judge(world)).violations).toEqual([]);
    }),
  );

  it('F3 C13 the answer to the COMMIT of a charge is lost: charged once', () =>
    inWorld({}, async (world) => {
      const call = toCall(await accept(world));
      const lost = {
        activity: 'recordCost',
        moment: '^after sql commit',
        action: 'fail',
        sqliteCode: 10,
      } as const;
      const first = await world.run([call], { failpoints: [lost] });
      const again = await world.run([call]);

      expect(first.activities).toMatchObject([{ error: { code: 'ledger.unavailable' } }]);
      expect(resultOf(again, 'recordCost')).toMatchObject({ cost: { micros: '350000' } });
      expect(kindsOf(await world.look((ledger) => ledger.entries(JOB)))).toEqual([
        'reserve',
        'charge',
      ]);
    }));

  it('C12 C5 the acceptance was in the spool only: written with the charge', () =>
    inWorld({}, async (world) => {
      const refused = { moment: '^before sql begin', count: 2, activity: 'submit', action: 'fail' };
      await world.openJob();
      const submitted = await world.run([['submit', world.steps.submit(1)]], {
        failpoints: [refused as Failpoint],
      });
      const task = resultOf(submitted, 'submit') as AcceptedTask;
      await killedThenAgain(world, toCall(task), kill('recordCost', '^before sql commit', 2));
      await world.later((worker) => worker.drainSpool());

      expect(kindsOf(await world.look((ledger) => ledger.entries(JOB)))).toEqual([
        'reserve',
        'charge',
      ]);
      expect(await judge(world)).toEqual({ creates: 1, states: ['accepted'], violations: [] });
    }));
});

describe('storeArtifact', () => {
  const toCall = (world: World, { taskId }: AcceptedTask): ActivityCall => [
    'storeArtifact',
    {
      jobId: JOB,
      number: 1,
      index: 0,
      account: ACCOUNT,
      output: { source: 'url', url: `${world.simulator.url}/files/${taskId}-0.mp4`, kind: 'video' },
      kind: 'video',
    },
  ];

  const keysIn = async (world: World): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const key of createFileSystemStore({ root: world.store }).list('')) keys.push(key);
    return keys;
  };

  async function expectStored(world: World, artifact: Artifact): Promise<void> {
    const recorded = await world.look((ledger) => ledger.artifacts(JOB));
    const { sizeBytes, sha256 } = artifact;
    expect(recorded).toEqual([artifact]);
    expect(await keysIn(world)).toEqual([artifact.key]);
    expect(await measureFile(artifact)).toEqual({ sizeBytes, sha256 });
    expect(await world.temporaries()).toEqual([]);
  }

  it.each([
    ['C8 killed at the first byte of a download', '^before file write ', 1],
    ['C8 killed in the middle of a download', '^after file write ', 1],
    ['C9 killed before the temporary is flushed', '^before file sync .*[.]tmp/', 1],
    ['C9 killed before the artifact has its name', '^before file link ', 1],
  ])('%s: nothing at its key, and fetched again', (_, moment, count) =>
    inWorld({}, async (world) => {
      const call = toCall(world, await accept(world));
      const failpoints = kill('storeArtifact', moment, count);
      const first = await world.run([call], { failpoints });
      const keysBefore = await keysIn(world);
      const again = await world.run([call]);

      expect(first.signal).toBe('SIGKILL');
      expect(keysBefore).toEqual([]);
      await expectStored(world, resultOf(again, 'storeArtifact') as Artifact);
    }),
  );

  it.each([
    ['C10 killed once the artifact has its name', '^after file link ', 1],
    ['C10 killed before the artifact is recorded', '^before sql commit', 1],
    ['C10 killed after the artifact is recorded', '^after sql commit', 1],
  ])('%s: one object, one record', (_, moment, count) =>
    inWorld({}, async (world) => {
      const call = toCall(world, await accept(world));
      const failpoints = kill('storeArtifact', moment, count);
      const first = await world.run([call], { failpoints });
      const [published = ''] = await keysIn(world);
      const url = createFileSystemStore({ root: world.store }).urlOf(published);
      const bytesBefore = await readFile(fileURLToPath(url));
      const again = await world.run([call]);

      const artifact = resultOf(again, 'storeArtifact') as Artifact;
      expect(first.signal).toBe('SIGKILL');
      expect(await readFile(fileURLToPath(artifact.url))).toEqual(bytesBefore);
      await expectStored(world, artifact);
    }),
  );
});

describe('closeJob', () => {
  const toResult = (finishedAt: string): JobResult => ({
    jobId: JOB,
    status: 'failed',
    account: ACCOUNT,
    provider: 'rixapi',
    model: 'kling-v2',
    taskId: null,
    submissions: 1,
    polls: 0,
    artifacts: [],
    cost: null,
    error: { code: 'provider.submit_unknown', message: 'nobody can tell', details: {} },
    hold: null,
    startedAt: '2026-11-21T12:00:00.000Z',
    finishedAt,
  });

  it.each([
    ['I6 killed before the end of a job is committed: ended by the next run', '^before sql commit'],
    ['I6 killed after the end of a job is committed: the first end stands', '^after sql commit'],
  ])('%s', (_, moment) =>
    inWorld({}, async (world) => {
      await world.openJob();
      const first = toResult('2026-11-21T12:01:00.000Z');
      const second = toResult('2026-11-21T12:02:00.000Z');
      const failpoints = kill('closeJob', moment);
      const end = await world.run([['closeJob', { result: first }]], { failpoints });
      const again = await world.run([['closeJob', { result: second }]]);

      const expected = moment.startsWith('^before') ? second : first;
      expect(end.signal).toBe('SIGKILL');
      expect(resultOf(again, 'closeJob')).toEqual(expected);
      expect(kindsOf(await world.look((ledger) => ledger.entries(JOB)))).toEqual([
        'reserve',
        'release',
      ]);
      expect(await world.look((ledger) => ledger.placesTaken(ACCOUNT))).toBe(0);
    }),
  );
});
