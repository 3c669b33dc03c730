import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SubmitOutcome } from '../../src/activities/index.ts';
import { fileErrorCode } from '../../src/core/file-errors.ts';
import { mountSmallDisk } from '../faults/small-disk.ts';
import type { ActivityCall, Failpoint } from './activity-process.ts';
import { judge } from './judge.ts';
import { trace } from './strace.ts';
import type { World } from './world.ts';
import { inWorld } from './world.ts';

const NEXT = 'job-2';

/** The ledger does not take the first outcome: the spool must. */
const OUTCOME_REFUSED: Failpoint = {
  moment: '^before sql begin',
  count: 2,
  activity: 'submit',
  action: 'fail',
};
const BEFORE_SUBMIT: Failpoint = { moment: '^before activity submit', action: 'stop' };
const AFTER_POST: Failpoint = { moment: '^after http send POST', action: 'stop' };

const ROUNDS: readonly ActivityCall[] = [
  ['keepHouse', { isPersistent: false }],
  ['keepHouse', { isPersistent: true }],
];
/** Two submits and one round. */
const BEFORE_MENDING = 3;

interface Closed {
  readonly first: SubmitOutcome;
  /** Of the next job, while the spool takes no record. */
  readonly refused: SubmitOutcome;
  readonly gates: readonly string[];
  /** Of the next job, once it does again. */
  readonly second: SubmitOutcome;
}

/** One worker submits, with a spool that breaks on the way, is refused, keeps house, and submits again. */
async function workWithBrokenSpool(
  world: World,
  failpoints: readonly Failpoint[],
  breakSpool: (pid: number) => Promise<() => void>,
): Promise<Closed> {
  await world.openJob();
  await world.later((worker) => worker.openJob(1), { jobId: NEXT });
  const next: ActivityCall = ['submit', world.stepsOf(NEXT).submit(1)];
  const worker = await world.start([['submit', world.steps.submit(1)], next, ...ROUNDS, next], {
    failpoints,
  });
  await worker.stopped();
  const mend = await breakSpool(worker.pid);
  worker.signal('SIGCONT');
  await worker.finished(BEFORE_MENDING);
  mend();

  const { activities, stderr } = await worker.ended;
  const results = activities.map(({ result }) => result);
  if (results.includes(undefined)) throw new Error(stderr);
  const [first, refused, shut, open, second] = results;
  return {
    first: first as SubmitOutcome,
    refused: refused as SubmitOutcome,
    gates: [shut, open].map((round) => (round as { readonly gate: string }).gate),
    second: second as SubmitOutcome,
  };
}

async function expectClosedForAWhile(world: World, closed: Closed): Promise<void> {
  // What happened is told all the same, and nothing more is bought until it can be kept.
  expect(closed.first.outcome).toBe('accepted');
  expect(closed.refused).toMatchObject({
    outcome: 'rejected',
    error: { code: 'storage.unavailable', details: { reason: 'not_sent' } },
  });
  expect(closed.gates).toEqual([expect.stringContaining('nothing is submitted'), 'open']);
  expect(closed.second.outcome).toBe('accepted');
  await world.later((worker) => worker.reconcile(1));
  expect(await judge(world)).toEqual({ creates: 1, states: ['unknown'], violations: [] });
  expect(await judge(world, NEXT)).toEqual({ creates: 1, states: ['accepted'], violations: [] });
}

it('F5 the disk of the spool is full: nothing is submitted until it has room', () =>
  inWorld({}, async (world) => {
    const disk = mountSmallDisk(world.spool);
    if (disk === undefined) return;
    try {
      const junk = join(world.spool, 'junk');
      const closed = await workWithBrokenSpool(
        world,
        [OUTCOME_REFUSED, BEFORE_SUBMIT],
        async () => {
          fill(junk);
          return () => rmSync(junk);
        },
      );

      await expectClosedForAWhile(world, closed);
    } finally {
      disk.close();
    }
  }));

it('F5 the disk of the spool is read-only: nothing is submitted until it can be written', () =>
  inWorld({}, async (world) => {
    const disk = mountSmallDisk(world.spool);
    if (disk === undefined) return;
    try {
      const closed = await workWithBrokenSpool(
        world,
        [OUTCOME_REFUSED, BEFORE_SUBMIT],
        async () => {
          disk.refuseWrites();
          return () => spawnSync('mount', ['-o', 'remount,rw', world.spool]);
        },
      );

      await expectClosedForAWhile(world, closed);
    } finally {
      disk.close();
    }
  }));

it('F5 fsync fails after the POST, for ledger and spool alike: nothing more is submitted', () =>
  inWorld({}, async (world) => {
    const closed = await workWithBrokenSpool(world, [AFTER_POST], async (pid) => {
      const tracing = await trace(pid, { call: 'fsync', effect: 'error=EIO', when: '1+' });
      return () => tracing.end();
    });

    await expectClosedForAWhile(world, closed);
  }));

/** Takes the last byte of a disk. */
function fill(path: string): void {
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (fileErrorCode(error) !== 'ENOSPC') throw error;
    }
  }
}
