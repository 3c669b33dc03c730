import type { Random } from '../random.ts';
import type { Create } from './provider-service.ts';
import type { World } from './world.ts';

/** Until when people interfere; later they only decide about what is held. Milliseconds. */
const BUSY_MS = 200_000;
const OPERATOR_LOOKS_EVERY_MS = 45_000;
const AUTHOR = { author: 'ada', reason: 'the model says so' };

/** What people, callbacks and operators do to the jobs of a world while they run. */
export function arrangeMessages(world: World, toWorkflowId: (jobId: string) => string): void {
  const random = world.random.fork();
  const rate = random.pick([0, 0, 0.1, 0.5]);
  for (const { jobId, startAfterMs } of world.options.jobs) {
    while (random.chance(rate)) {
      const atMs = startAfterMs + random.integer(0, random.pick([2_000, 20_000, BUSY_MS]));
      const message = pickMessage(random);
      world.time.after(atMs, () => {
        world.count(`message: ${message}`);
        send(world, random, toWorkflowId(jobId), jobId, message);
      });
    }
  }
  for (const account of world.options.accounts) {
    if (!account.exclusive) createForeignTasks(world, random, account.realm);
  }
  if (random.chance(0.1)) stopAWorker(world, random);
  const isEager = random.chance(0.4);
  if (isEager) operate(world, random, toWorkflowId);
}

const MESSAGES = [
  'cancel job',
  'cancel workflow',
  'poll now',
  'poll now',
  'extend life',
  'callback',
  'callback of another task',
  'reset activity',
  'reset activity',
  'reset workflow',
  'terminate and run again',
  'start again',
] as const;

function pickMessage(random: Random): (typeof MESSAGES)[number] {
  return random.pick(MESSAGES);
}

function send(
  world: World,
  random: Random,
  workflowId: string,
  jobId: string,
  message: (typeof MESSAGES)[number],
): void {
  const { server } = world;
  const run = server.run(workflowId);
  switch (message) {
    case 'cancel job':
      server.update(workflowId, 'cancelJob', [AUTHOR]);
      return;
    case 'cancel workflow':
      server.cancel(workflowId);
      return;
    case 'poll now':
      server.update(workflowId, 'pollNow', []);
      return;
    case 'extend life':
      server.update(workflowId, 'extendLife', [{ seconds: random.integer(1, 600) }]);
      return;
    case 'callback': {
      const create = trueCreateOf(world, jobId);
      const number = create?.number ?? random.integer(1, 2);
      void world.runs.notify(jobId, number, create?.taskId);
      return;
    }
    case 'callback of another task':
      void world.runs.notify(jobId, random.integer(1, 2), ownedTask(world, random) ?? 'no-task');
      return;
    case 'reset activity': {
      const [first, ...others] = run?.pendingActivities.filter((task) => !task.isLocal) ?? [];
      if (first !== undefined) random.pick([first, ...others]).reset();
      return;
    }
    case 'reset workflow':
      if (run?.end === undefined) server.reset(workflowId, random.integer(1, run?.length ?? 1));
      return;
    case 'terminate and run again': {
      server.terminate(workflowId);
      const input = world.options.jobs.find((job) => job.jobId === jobId)?.input;
      const afterMs = random.pick([100, 5_000, 120_000]);
      if (input !== undefined) world.time.after(afterMs, () => world.startJob(jobId, input));
      return;
    }
    case 'start again': {
      const input = world.options.jobs.find((job) => job.jobId === jobId)?.input;
      if (input !== undefined) world.startJob(jobId, input);
    }
  }
}

/** The newest task that the provider made for a job, or for one of its submissions. */
function trueCreateOf(world: World, jobId: string, number?: number): Create | undefined {
  return [...world.services.values()]
    .flatMap((service) => service.creates)
    .findLast(
      (one) => one.jobId === jobId && one.isListed && (number ?? one.number) === one.number,
    );
}

function ownedTask(world: World, random: Random): string | undefined {
  const [first, ...others] = world.book
    .allSubmissions()
    .flatMap(({ taskId }) => (taskId === null ? [] : [taskId]));
  return first === undefined ? undefined : random.pick([first, ...others]);
}

/** A realm that is not exclusive is used by others, too. */
function createForeignTasks(world: World, random: Random, realm: string): void {
  while (random.chance(0.7)) {
    const script = {
      runsForMs: random.integer(1_000, 30_000),
      end: 'succeeded',
      outputs: 1,
      seconds: 5,
      listLagMs: 0,
      readLagMs: 0,
    } as const;
    world.time.after(random.integer(0, BUSY_MS), () => {
      world.count('message: foreign task');
      world.services.get(realm)?.acceptForeign('video', script);
    });
  }
}

function stopAWorker(world: World, random: Random): void {
  world.time.after(random.integer(1_000, BUSY_MS), () => {
    const [first, ...others] = world.hosts;
    if (first === undefined) return;
    world.count('message: stop a worker');
    random.pick([first, ...others]).process?.stop(random.integer(0, 40_000));
  });
}

/** An operator who looks at held jobs now and then and decides, sometimes twice, sometimes in two ways at once. */
function operate(world: World, random: Random, toWorkflowId: (jobId: string) => string): void {
  const look = (): void => {
    for (const { jobId } of world.options.jobs) {
      const state = world.stateOf(jobId);
      if (state?.status !== 'held' || state.hold === null || random.chance(0.4)) continue;
      const { number } = state.hold;
      const times = random.pick([1, 1, 2, 3]);
      for (let time = 0; time < times; time += 1) {
        const decision = decide(world, random, jobId, number);
        world.count(`message: resolve ${Object.keys(decision)[0] ?? ''}`);
        const delayMs = random.pick([0, 0, 1, 300]);
        world.time.after(delayMs, () =>
          world.server.update(toWorkflowId(jobId), 'resolveSubmission', [
            { ...decision, number: random.chance(0.9) ? number : number + 1, ...AUTHOR },
          ]),
        );
      }
    }
    world.time.inBackground(OPERATOR_LOOKS_EVERY_MS, look);
  };
  world.time.inBackground(OPERATOR_LOOKS_EVERY_MS, look);
}

function decide(world: World, random: Random, jobId: string, number: number) {
  const own = trueCreateOf(world, jobId, number)?.taskId;
  const draw = random.next();
  if (own !== undefined && draw < 0.6) return { adopt: own };
  if (draw < 0.75) return { resubmit: true };
  if (draw < 0.85) return { abandon: true };
  return { adopt: ownedTask(world, random) ?? 'no-task' };
}
