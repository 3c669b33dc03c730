import type { LogEntry } from '../../simulator/index.ts';
import type { JobHandle, MediaRequest } from '../../src/index.ts';
import { toWorkflowId } from '../../src/core/keys.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const PLACES = 2;
const JOBS = 6;
/** A crowd before one account; `POLLUX_WAITING_JOBS=500` is the size that is spoken of. */
const CROWD = Number(process.env['POLLUX_WAITING_JOBS'] ?? 100);
const CROWD_PLACES = 5;

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    simulator: { durationsMs: { video: [500, 800] } },
    accounts: {
      nexusflow: { limits: { concurrentTasks: PLACES } },
      crowded: { provider: 'nexusflow', limits: { concurrentTasks: CROWD_PLACES } },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

describe(`an account with ${PLACES} places`, () => {
  it(`never has more tasks open, though ${JOBS} jobs want one, and waiting for a place writes no history`, async () => {
    const { client, simulator, ledger } = installation;
    simulator.addFaults([{ operation: 'create', times: PLACES, fault: { kind: 'stuck_task' } }]);
    const jobs: JobHandle[] = [];
    for (let index = 0; index < JOBS; index += 1) {
      const prompt = `one of ${JOBS}, number ${index}`;
      const request = { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
      jobs.push(await client.start(request));
    }

    const waiting = await until('a job that was refused a place', () => findWaiting(jobs));
    const earlyEvents = await historyLength(waiting);
    const attempts = await placeAttempts(waiting);
    await until('its next try', async () => (await placeAttempts(waiting)) > attempts);
    const laterEvents = await historyLength(waiting);
    for (const { taskId } of creates()) {
      await fetch(`${simulator.url}/admin/tasks/${taskId ?? ''}/finish`, { method: 'POST' });
    }
    const results = await Promise.all(jobs.map((job) => job.result()));

    expect(laterEvents).toBe(earlyEvents);
    expect(results.map(({ status }) => status)).toEqual(Array(JOBS).fill('succeeded'));
    expect(creates()).toHaveLength(JOBS);
    expect(mostOpen(simulator.log())).toBe(PLACES);
    expect(await ledger.placesTaken('nexusflow')).toBe(0);
  }, 60_000);
});

describe(`a batch of ${CROWD} jobs that wants ${CROWD_PLACES} places`, () => {
  it('gets them in turn, writes no history while it waits, and lets a person go first', async () => {
    const { client, simulator, ledger } = installation;
    const seen = simulator.log().length;
    const jobs: JobHandle[] = [];
    for (let index = 0; index < CROWD; index += 1) {
      const options = { jobId: `crowd-${index}`, batch: 'crowd' };
      jobs.push(await client.start(toCrowdRequest(`in the crowd ${index}`), options));
    }
    const person = await client.start(toCrowdRequest('a person who waits'), { jobId: 'person' });
    const ofPerson = await person.result();
    const endedBefore = await countEnded(jobs);
    const lengths = new Map<string, Set<number>>();
    await until(
      'all of the crowd to end',
      async () => {
        for (const job of jobs.slice(-5)) await noteWaiting(job, lengths);
        return (await countEnded(jobs)) === CROWD;
      },
      CROWD * 1_500,
    );
    const results = await Promise.all(jobs.map((job) => job.result()));

    expect(ofPerson.status).toBe('succeeded');
    expect(endedBefore).toBeLessThan(CROWD / 2);
    expect(results.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    expect(results.filter(({ submissions }) => submissions !== 1)).toEqual([]);
    expect(mostOpen(simulator.log().slice(seen))).toBe(CROWD_PLACES);
    expect(await ledger.placesTaken('crowded')).toBe(0);
    expect(lengths.size).toBeGreaterThan(0);
    for (const [jobId, seenLengths] of lengths)
      expect([jobId, seenLengths.size]).toEqual([jobId, 1]);
  }, 900_000);
});

function toCrowdRequest(prompt: string): MediaRequest {
  return { model: 'crowded/wan2.6-t2v', prompt, durationSeconds: 3 };
}

async function countEnded(jobs: readonly JobHandle[]): Promise<number> {
  const ended = await installation.ledger.jobs({ jobIds: jobs.map(({ jobId }) => jobId) });
  return ended.filter(({ end }) => end !== null).length;
}

/** The length of the job's history, where it waits for a place. */
async function noteWaiting(job: JobHandle, lengths: Map<string, Set<number>>): Promise<void> {
  if ((await placeAttempts(job)) < 1) return;
  const length = await historyLength(job);
  // It may have got its place between the two looks.
  if ((await placeAttempts(job)) < 1) return;
  lengths.set(job.jobId, (lengths.get(job.jobId) ?? new Set()).add(length));
}

function creates(): readonly LogEntry[] {
  return installation.simulator.log().filter(({ kind }) => kind === 'create');
}

/** One of the jobs whose `openJob` has been tried and waits to be tried again. */
async function findWaiting(jobs: readonly JobHandle[]): Promise<JobHandle | undefined> {
  for (const job of jobs) if ((await placeAttempts(job)) > 1) return job;
  return undefined;
}

/** Attempts of the pending `openJob`; 0 where none is pending. */
async function placeAttempts({ jobId }: JobHandle): Promise<number> {
  const handle = installation.access.temporal.workflow.getHandle(toWorkflowId(jobId));
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities?.find(
    ({ activityType }) => activityType?.name === 'openJob',
  );
  return pending?.attempt ?? 0;
}

async function historyLength({ jobId }: JobHandle): Promise<number> {
  const handle = installation.access.temporal.workflow.getHandle(toWorkflowId(jobId));
  return (await handle.describe()).historyLength;
}

function mostOpen(log: readonly LogEntry[]): number {
  let open = 0;
  let most = 0;
  for (const { kind } of log) {
    if (kind === 'create') open += 1;
    if (kind === 'end') open -= 1;
    most = Math.max(most, open);
  }
  return most;
}
