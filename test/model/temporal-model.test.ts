import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import { Random } from './random.ts';
import { Context } from './temporal/activity.ts';
import { TemporalServer } from './temporal/temporal-server.ts';
import { WorkerProcess } from './temporal/worker-process.ts';
import type { ActivityOptions, WorkflowFunction } from './temporal/workflow-instance.ts';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  uuid4,
} from './temporal/workflow.ts';
import { installVirtualGlobals, restoreGlobals, showTime } from './virtual-globals.ts';
import { VirtualTime } from './virtual-time.ts';

const START_MS = Date.UTC(2026, 5, 1);

beforeAll(installVirtualGlobals);
afterAll(restoreGlobals);

type Activity = (...args: never[]) => Promise<unknown>;

/** A server with one worker after the other, each running these activities. */
class Stage {
  readonly time = new VirtualTime(START_MS);
  readonly server: TemporalServer;
  worker: WorkerProcess;
  readonly #activities: Readonly<Record<string, Activity>>;

  constructor(activities: Readonly<Record<string, Activity>>) {
    showTime(this.time, () => 0.5);
    this.server = new TemporalServer({
      time: this.time,
      random: new Random(1),
      maxTravelMs: 0,
      retried: new Set(),
    });
    this.#activities = activities;
    this.worker = this.startWorker();
  }

  startWorker(): WorkerProcess {
    this.worker = new WorkerProcess({
      name: 'worker',
      server: this.server,
      perform: async (process, _effect, run) => {
        await process.alive();
        const result = await run();
        await process.alive();
        return result;
      },
      createActivities: () => this.#activities as unknown as Activities,
      wire: (value) => value,
      isServerAway: () => false,
      skewMs: 0,
      onDeath: () => undefined,
    });
    this.server.join(this.worker);
    return this.worker;
  }

  start(workflow: WorkflowFunction): void {
    this.server.startWorkflow('workflow', workflow, []);
  }

  at(ms: number, act: () => void): void {
    this.time.after(ms, act);
  }

  /** What the workflow returned; a failure is thrown. */
  async result(): Promise<unknown> {
    await this.time.pass(() => false);
    expect(this.server.problems).toEqual([]);
    const end = this.server.run('workflow')?.end;
    if (end?.kind === 'completed') return end.result;
    throw end?.kind === 'failed' ? end.failure : new Error(end?.kind ?? 'it did not end');
  }

  get elapsedMs(): number {
    return this.time.nowMs - START_MS;
  }
}

const wait = (nextRetryDelay: number): Error =>
  ApplicationFailure.create({ type: 'wait', message: 'not yet', nextRetryDelay });
const steps = (options: ActivityOptions) => proxyActivities(options);

/** Runs a step in a scope that a signal cancels, and tells how it ended. */
function untilSignalled(options: ActivityOptions): WorkflowFunction {
  return async () => {
    const scope = new CancellationScope();
    setHandler(defineSignal('stop'), () => scope.cancel());
    try {
      return await scope.run(async () => await steps(options)['step']?.());
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const cause = error.cause;
      const isTimeout = cause instanceof TimeoutFailure;
      return {
        retryState: error.retryState,
        cause: isTimeout ? cause.timeoutType : cause?.constructor.name,
        isCancellation: isCancellation(error),
        ...(isTimeout ? { details: cause.lastHeartbeatDetails } : {}),
      };
    }
  };
}

describe('an activity that the workflow or the clock ends', () => {
  it('during its backoff is cancelled at once', async () => {
    const stage = new Stage({ step: () => Promise.reject(wait(600_000)) });
    stage.start(untilSignalled({ startToCloseTimeout: 1_000 }));
    stage.at(5_000, () => stage.server.signal('workflow', 'stop'));

    const ended = await stage.result();

    expect(ended).toEqual({
      retryState: 'CANCEL_REQUESTED',
      cause: CancelledFailure.name,
      isCancellation: true,
    });
    expect(stage.elapsedMs).toBeLessThan(6_000);
  });

  it('while an attempt runs ends with that attempt’s own failure', async () => {
    const stage = new Stage({
      step: async () => {
        await Context.current().sleep(10_000);
        throw wait(600_000);
      },
    });
    stage.start(untilSignalled({ startToCloseTimeout: 60_000 }));
    stage.at(5_000, () => stage.server.signal('workflow', 'stop'));

    const ended = await stage.result();

    expect(ended).toEqual({
      retryState: 'CANCEL_REQUESTED',
      cause: ApplicationFailure.name,
      isCancellation: false,
    });
    expect(stage.elapsedMs).toBe(10_000);
  });

  it('with a next delay past its life fails at once with that attempt’s own failure', async () => {
    const stage = new Stage({ step: () => Promise.reject(wait(600_000)) });
    stage.start(untilSignalled({ scheduleToCloseTimeout: 60_000 }));

    const ended = await stage.result();

    expect(ended).toMatchObject({ retryState: 'TIMEOUT', cause: ApplicationFailure.name });
    expect(stage.elapsedMs).toBe(0);
  });

  it('while it is queued has timed out from schedule to start', async () => {
    const stage = new Stage({ step: () => Promise.resolve() });
    stage.start(untilSignalled({ scheduleToCloseTimeout: 60_000 }));
    stage.at(0, () => stage.worker.freeze({ forMs: 90_000, stopsClock: false }));

    const ended = await stage.result();

    expect(ended).toMatchObject({ retryState: 'TIMEOUT', cause: 'SCHEDULE_TO_START' });
  });
});

describe('an attempt whose worker dies', () => {
  const lost = async (isDelivered: boolean): Promise<unknown> => {
    const stage = new Stage({
      step: async () => {
        Context.current().heartbeat('the task');
        await Context.current().sleep(5_000);
      },
    });
    stage.start(untilSignalled({ startToCloseTimeout: 30_000, retry: { maximumAttempts: 1 } }));
    stage.at(2, () => {
      stage.worker.kill(() => isDelivered);
      stage.startWorker();
    });
    return await stage.result();
  };

  it('leaves its heartbeat in the timeout where that had left', async () => {
    expect(await lost(true)).toEqual({
      retryState: 'MAXIMUM_ATTEMPTS_REACHED',
      cause: 'START_TO_CLOSE',
      isCancellation: false,
      details: 'the task',
    });
  });

  it('leaves nothing where it had not', async () => {
    expect(await lost(false)).toMatchObject({ cause: 'START_TO_CLOSE', details: undefined });
  });

  it('is repeated after its timeout, with what its heartbeat said', async () => {
    const seen: unknown[] = [];
    const stage = new Stage({
      step: async () => {
        const { attempt, heartbeatDetails } = Context.current().info;
        seen.push([attempt, heartbeatDetails]);
        if (attempt === 2) return 'done';
        Context.current().heartbeat('half');
        await Context.current().sleep(5_000);
        return 'lost';
      },
    });
    stage.start(async () => await steps({ startToCloseTimeout: 30_000 })['step']?.());
    stage.at(1_000, () => {
      stage.worker.kill(() => true);
      stage.startWorker();
    });

    expect(await stage.result()).toBe('done');
    expect(seen).toEqual([
      [1, undefined],
      [2, 'half'],
    ]);
  });

  it('reports too late after a standstill, and is not heard', async () => {
    let runs = 0;
    const stage = new Stage({
      step: async () => {
        runs += 1;
        const run = runs;
        await Context.current().sleep(1_000);
        return run;
      },
    });
    stage.start(async () => await steps({ startToCloseTimeout: 10_000 })['step']?.());
    stage.at(500, () => {
      stage.worker.freeze({ forMs: 60_000, stopsClock: false });
      stage.startWorker();
    });

    expect(await stage.result()).toBe(2);
  });
});

describe('workflow code', () => {
  const greeting: WorkflowFunction = async () => {
    const said: string[] = [];
    const wishes = defineSignal('wish');
    let isOver = false;
    setHandler(wishes, (wish) => {
      said.push(String(wish));
    });
    setHandler(
      defineUpdate('end'),
      () => {
        isOver = true;
        return uuid4();
      },
      {
        validator: () => {
          if (said.length === 0) throw new Error('too early');
        },
      },
    );
    const early = await condition(() => isOver, 5_000);
    await sleep(10_000);
    said.push(String(early), uuid4());
    await condition(() => isOver);
    await condition(allHandlersFinished);
    return said;
  };

  const live = async (act: (stage: Stage) => void): Promise<unknown> => {
    const stage = new Stage({});
    stage.start(greeting);
    stage.at(0, () => stage.server.update('workflow', 'end', []));
    stage.at(1_000, () => stage.server.signal('workflow', 'wish', 'hello'));
    stage.at(60_000, () => stage.server.update('workflow', 'end', []));
    act(stage);
    return await stage.result();
  };

  it('comes to the same end when it is run again from its history', async () => {
    const undisturbed = await live(() => undefined);

    const replayed = await live((stage) => {
      for (const atMs of [500, 3_000, 12_000, 30_000]) {
        stage.at(atMs, () => {
          stage.worker.kill(() => true);
          stage.startWorker();
        });
      }
    });

    expect(undisturbed).toEqual(['hello', 'false', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(replayed).toEqual(undisturbed);
  });

  it('is given its messages again after a reset, and new random numbers', async () => {
    const undisturbed = (await live(() => undefined)) as string[];

    const reset = (await live((stage) =>
      stage.at(30_000, () => stage.server.reset('workflow', 1)),
    )) as string[];

    expect(reset.slice(0, 2)).toEqual(undisturbed.slice(0, 2));
    expect(reset[2]).not.toBe(undisturbed[2]);
  });

  it('that asks for something else the second time is found out', async () => {
    let runs = 0;
    const stage = new Stage({});
    stage.start(async () => {
      runs += 1;
      await sleep(runs * 1_000);
      await sleep(5_000);
    });
    stage.at(2_000, () => {
      stage.worker.kill(() => true);
      stage.startWorker();
    });
    await stage.time.pass(() => false);

    expect(stage.server.problems.join()).toMatch(/replay of task 0 asked for \[timer 0 2000\]/);
  });

  it('in a scope that is not cancellable does not hear of the workflow’s cancellation', async () => {
    const stage = new Stage({});
    stage.start(async () => {
      const asked = CancellationScope.current().cancelRequested.catch(() => 'heard at the root');
      const slept = await CancellationScope.nonCancellable(async () => {
        await sleep(10_000);
        return 'slept on';
      });
      return [await asked, slept];
    });
    stage.at(1_000, () => stage.server.cancel('workflow'));

    expect(await stage.result()).toEqual(['heard at the root', 'slept on']);
  });
});
