import { followTask } from '../../../src/activities/follow.ts';
import type { FollowProgress, FollowStep } from '../../../src/activities/follow.ts';
import type { ActivityPorts } from '../../../src/activities/ports.ts';
import type { Account } from '../../../src/core/account.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createProvider } from '../../../src/providers/index.ts';
import { startSimulator } from '../../../simulator/index.ts';
import type { FaultRule, RunningSimulator } from '../../../simulator/index.ts';
import { NOTHING_KNOWN } from '../../installation/nothing-known.ts';

const START_MS = Date.parse('2026-06-01T10:00:00.000Z');
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A task at the simulator, followed attempt by attempt on a clock of our own. */
class Followed {
  nowMs = START_MS;
  progress: FollowProgress | undefined;
  readonly simulator: RunningSimulator;
  readonly taskId: string;
  readonly #ports: ActivityPorts;
  readonly #step: FollowStep;

  constructor(simulator: RunningSimulator, taskId: string) {
    this.simulator = simulator;
    this.taskId = taskId;
    const account: Account = {
      name: 'nexusflow',
      provider: 'nexusflow',
      baseUrl: simulator.baseUrls.nexusflow,
      apiKey: new Secret(() => 'key'),
      keyId: 'env:KEY',
      realm: 'nexusflow',
      exclusive: false,
      currency: 'USD',
      limits: { submitsPerMinute: 60, pollsPerMinute: 60, concurrentTasks: 5 },
      allowPrivateHosts: true,
      timing: {},
      prices: new Map(),
      onUnknown: 'hold',
      maxResubmits: 0,
    };
    const provider = createProvider(account);
    const accounts = new Map([[account.name, { account, provider }]]);
    // Following reaches nothing else: any other port is a defect that shows as undefined.
    this.#ports = {
      accounts,
      durations: NOTHING_KNOWN,
      clock: () => this.nowMs,
      logger: SILENT,
    } as unknown as ActivityPorts;
    this.#step = {
      jobId: 'job',
      number: 1,
      account: 'nexusflow',
      operation: provider.operationOf(taskId, { model: 'wan2.6-t2v' }),
      known: { status: 'running', trouble: null },
      reading: {
        bounds: {
          firstPollSeconds: 15,
          minPollSeconds: 10,
          maxPollSeconds: 30,
          isMaxFixed: true,
          hasCallbacks: false,
        },
        model: 'wan2.6-t2v',
        variant: '',
        firstPollMs: 15_000,
      },
      armedAtMs: START_MS,
      isAnnounced: false,
      lifeEndsAtMs: START_MS + 86_100_000,
      polls: 0,
      notBeforeMs: 0,
      once: false,
    };
  }

  fault(rule: Omit<FaultRule, 'provider' | 'operation'>): void {
    this.simulator.clearFaults();
    this.simulator.addFaults([{ provider: 'nexusflow', operation: 'read', times: 1_000, ...rule }]);
  }

  /** One attempt; a wait that the server would retry comes back as its type. */
  async read(change: Partial<FollowStep> = {}): Promise<Record<string, unknown>> {
    const beat = (progress: FollowProgress): void => {
      this.progress = progress;
    };
    const { signal } = new AbortController();
    try {
      return {
        ...(await followTask(
          this.#ports,
          { ...this.#step, ...change },
          this.progress,
          beat,
          signal,
        )),
      };
    } catch (error) {
      if (error instanceof Error && 'nextRetryDelay' in error && 'type' in error) {
        return { type: error.type, nextRetryDelay: error.nextRetryDelay, message: error.message };
      }
      throw error;
    }
  }
}

const running: RunningSimulator[] = [];

async function startFollowing(): Promise<Followed> {
  const followed: { nowMs: number } = { nowMs: START_MS };
  const simulator = await startSimulator({
    nowMs: () => followed.nowMs,
    durationsMs: { video: [150_000, 150_000] },
  });
  running.push(simulator);
  const reply = await fetch(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'wan2.6-t2v', prompt: 'p' }),
  });
  const { id } = (await reply.json()) as { id: string };
  const task = new Followed(simulator, id);
  Object.defineProperty(followed, 'nowMs', { get: () => task.nowMs });
  return task;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

describe('following a task', () => {
  it('an unchanged task asks for the next attempt and shows what it saw', async () => {
    const task = await startFollowing();

    const answer = await task.read();

    expect(answer).toMatchObject({ type: 'wait.unchanged' });
    expect(answer['nextRetryDelay']).toBeGreaterThanOrEqual(9_000);
    expect(task.progress).toMatchObject({ polls: 1, status: 'running', trouble: null });
    expect(task.progress?.lastUnfinishedAt).toBe('2026-06-01T10:00:00.000Z');
  });

  it('a finished task returns with its outputs and the last reading that showed it unfinished', async () => {
    const task = await startFollowing();
    await task.read();
    task.nowMs += 200_000;

    const answer = await task.read();

    expect(answer).toMatchObject({
      kind: 'changed',
      polls: 2,
      lastUnfinishedAt: '2026-06-01T10:00:00.000Z',
      snapshot: { status: 'succeeded', outputs: [{ source: 'url', kind: 'video' }] },
    });
  });

  it.each([
    ['401', { kind: 'status', status: 401 }, 'unauthorized'],
    ['404', { kind: 'not_found' }, 'task_missing'],
    ['an HTML page', { kind: 'html' }, 'unreadable'],
    ['503', { kind: 'status', status: 503 }, 'provider_unavailable'],
  ] as const)(
    '%s is nobody else’s business for a minute and then a hold',
    async (_, fault, hold) => {
      const task = await startFollowing();
      task.fault({ fault });

      const first = await task.read();
      task.nowMs += 59_000;
      const second = await task.read();
      task.nowMs += 1_000;
      const third = await task.read();

      expect([first, second]).toEqual([
        expect.objectContaining({ type: 'wait.unchanged' }),
        expect.objectContaining({ type: 'wait.unchanged' }),
      ]);
      expect(third).toMatchObject({ kind: 'troubled', hold, since: '2026-06-01T10:00:00.000Z' });
    },
  );

  it('a hold ends with the first reading that succeeds', async () => {
    const task = await startFollowing();

    const answer = await task.read({ known: { status: 'running', trouble: 'unauthorized' } });

    expect(answer).toMatchObject({ kind: 'recovered' });
  });

  it('a hold that goes on is told once', async () => {
    const task = await startFollowing();
    task.fault({ fault: { kind: 'not_found' } });
    const known = { status: 'running', trouble: 'task_missing' } as const;
    await task.read({ known });
    task.nowMs += 600_000;

    expect(await task.read({ known })).toMatchObject({ type: 'wait.unchanged' });
  });

  it('a 429 waits as long as it was asked to and never becomes a hold', async () => {
    const task = await startFollowing();
    task.fault({ fault: { kind: 'status', status: 429, headers: { 'retry-after': '45' } } });
    const first = await task.read();
    task.nowMs += 600_000;

    expect(first['nextRetryDelay']).toBeGreaterThanOrEqual(45_000);
    expect(await task.read()).toMatchObject({ type: 'wait.unchanged' });
  });

  it('the end of the life returns instead of waiting for an attempt that may not start', async () => {
    const task = await startFollowing();

    expect(await task.read({ lifeEndsAtMs: START_MS + 1_000 })).toMatchObject({
      kind: 'life_over',
    });
  });

  it('a reading that was asked for once returns whatever it says', async () => {
    const task = await startFollowing();

    expect(await task.read({ once: true })).toMatchObject({ kind: 'unchanged', polls: 1 });
  });

  it('a fresh activity right after a reading waits before it reads', async () => {
    const task = await startFollowing();
    const reads = (): number =>
      task.simulator.log().filter((entry) => entry.kind === 'read').length;

    const answer = await task.read({ notBeforeMs: START_MS + 7_000, polls: 3 });

    expect(answer).toMatchObject({ type: 'wait.unchanged', nextRetryDelay: 7_000 });
    expect(task.progress).toMatchObject({ polls: 3, nextPollAt: '2026-06-01T10:00:07.000Z' });
    expect(reads()).toBe(0);
  });

  it('a task that falls back into the queue is no news', async () => {
    const task = await startFollowing();
    task.fault({
      fault: {
        kind: 'status',
        status: 200,
        body: { id: task.taskId, object: 'task', status: 'pending', model: 'wan2.6-t2v' },
      },
    });

    expect(await task.read()).toMatchObject({ type: 'wait.unchanged' });
  });
});
