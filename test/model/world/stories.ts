import type { Timing } from '../../../src/core/account.ts';
import type { EndStatus } from '../../../src/core/job.ts';
import { toWorkflowId } from '../../../src/core/keys.ts';
import { check } from './check.ts';
import type { Fault, Outage, PostFate } from './faults.ts';
import { atEffects } from './faults.ts';
import type { ApiKind } from './provider-model.ts';
import type { TaskScript } from './provider-service.ts';
import { START_MS, World } from './world.ts';
import type { AccountSpec, Weakness, WorldOptions } from './world.ts';

/** What one job lives through when nothing else goes wrong. */
export interface Story {
  readonly name: string;
  readonly api: ApiKind;
  readonly fates?: readonly PostFate[];
  readonly onUnknown?: AccountSpec['onUnknown'];
  readonly model?: string;
  readonly outages?: readonly Outage[];
  /** How the job ends where nothing else goes wrong; `succeeded` where it is absent. */
  readonly end?: EndStatus;
  readonly timing?: Partial<Timing>;
  readonly arrange?: (world: World) => void;
}

const JOB = 'job-1';
const SCRIPT: TaskScript = {
  runsForMs: 6_000,
  end: 'succeeded',
  outputs: 1,
  seconds: 4,
  listLagMs: 0,
  readLagMs: 0,
};
/** The list is looked through once its bound is over, and a few times only: each look is five effects more. */
const TIMING = { settleSeconds: 121, listSettleSeconds: 3, submitTimeoutSeconds: 20 };
const AUTHOR = { author: 'ada', reason: 'the story says so' };

function after(delayMs: number, act: (world: World) => void): (world: World) => void {
  return (world) => void world.time.after(delayMs, () => act(world));
}

/** An operator who gives a held job its own task, or has it submitted again where there is none. */
function resolveWhenHeld(world: World): void {
  const look = (): void => {
    const state = world.stateOf(JOB);
    if (state?.status === 'held' && state.hold !== null) {
      const { number } = state.hold;
      const creates = [...world.services.values()].flatMap((service) => service.creates);
      const own = creates.find((create) => create.number === number);
      const decision = own === undefined ? { resubmit: true } : { adopt: own.taskId };
      const request = { number, ...decision, ...AUTHOR };
      world.server.update(toWorkflowId(JOB), 'resolveSubmission', [request]);
    }
    world.time.inBackground(20_000, look);
  };
  world.time.inBackground(20_000, look);
}

export const STORIES: readonly Story[] = [
  { name: 'a video is accepted, followed, charged and stored', api: 'lists' },
  { name: 'an edit is charged by estimate and adjusted', api: 'lists', model: 'edit' },
  {
    name: 'an image is finished in the reply',
    api: 'cancels',
    fates: ['accepted, finished in the reply'],
  },
  {
    name: 'two submissions are refused, the third is accepted',
    api: 'lists',
    fates: ['rate limited', 'connection refused'],
  },
  { name: 'the reply is lost, the list tells', api: 'lists', fates: ['accepted, reply lost'] },
  {
    name: 'the reply is cut after the id',
    api: 'cancels',
    fates: ['accepted, reply cut after the id'],
  },
  {
    name: 'the reply is lost, a callback tells',
    api: 'calls back',
    fates: ['accepted, reply lost'],
  },
  {
    name: 'the POST is lost, and the list shows every task in time',
    api: 'lists in time',
    fates: ['lost on the way'],
  },
  {
    name: 'nobody can tell, and an operator adopts the task',
    api: 'cancels',
    fates: ['accepted, connection reset'],
    arrange: resolveWhenHeld,
  },
  {
    name: 'nobody can tell, and the policy submits again',
    api: 'cancels',
    onUnknown: 'resubmit',
    fates: ['hangs for ever'],
  },
  {
    name: 'nobody can tell, and the job fails by policy',
    api: 'cancels',
    onUnknown: 'fail',
    end: 'failed',
    fates: ['accepted late'],
  },
  {
    name: 'ledger and server are away when the reply comes, and the spool keeps it',
    api: 'cancels',
    outages: [
      { port: 'ledger.', fromMs: START_MS + 15, toMs: START_MS + 90_000 },
      { port: 'complete', fromMs: START_MS + 15, toMs: START_MS + 90_000 },
    ],
  },
  {
    name: 'ledger and spool are away when the reply comes, and the history keeps it',
    api: 'cancels',
    outages: [
      { port: 'ledger.', fromMs: START_MS + 15, toMs: START_MS + 70_000 },
      { port: 'spool.', fromMs: START_MS + 15, toMs: START_MS + 90_000 },
    ],
  },
  {
    name: 'a running task is cancelled',
    api: 'cancels',
    end: 'cancelled',
    arrange: after(4_000, (world) => world.server.update(toWorkflowId(JOB), 'cancelJob', [AUTHOR])),
  },
  {
    name: 'the workflow is terminated and run again',
    api: 'lists',
    arrange: after(2_000, (world) => {
      world.server.terminate(toWorkflowId(JOB));
      const input = world.options.jobs[0]?.input;
      if (input !== undefined) world.time.after(3_000, () => world.startJob(JOB, input));
    }),
  },
];

/** What befalls the one who lives a story. */
export interface Blows {
  readonly points: ReadonlyMap<number, Fault>;
  readonly isHeartbeatDelivered?: boolean;
  /** One is enough for crashes; while one stands still, another must be there. */
  readonly hosts?: number;
  readonly weakness?: Weakness;
}

/** How a life went: its effects in order, and what was broken. */
export interface Life {
  readonly effects: readonly string[];
  readonly end: EndStatus | null;
  readonly broken: readonly string[];
}

export async function live(story: Story, blows: Blows): Promise<Life> {
  const { points, isHeartbeatDelivered = true } = blows;
  const world = new World(worldOf(story, blows));
  const violations = check(world, await world.run());
  world.time.clear();
  const { effects } = world;
  const where = [...points].map(([index, fault]) => {
    const when = 'when' in fault ? fault.when : '';
    return `${fault.kind} ${when} ${effects[index] ?? 'nothing'} (${index})`;
  });
  const name = `${where.join(', then ')}, heartbeat ${isHeartbeatDelivered ? 'delivered' : 'lost'}`;
  const broken = violations.map(({ invariant, what }) => `${name}: ${invariant} ${what}`);
  return { effects, broken, end: world.book.jobs.get(JOB)?.end ?? null };
}

function worldOf(story: Story, blows: Blows): WorldOptions {
  const { api, fates = [], outages = [], arrange, model = 'video', onUnknown = 'hold' } = story;
  const { points, isHeartbeatDelivered = true, hosts = 1, weakness } = blows;
  const realm = { realm: 'realm', exclusive: true };
  return {
    seed: 7,
    accounts: [{ name: 'main', ...realm, api, onUnknown, maxResubmits: 1, places: 2 }],
    jobs: [{ jobId: JOB, input: { request: { model: `main/${model}` } }, startAfterMs: 10 }],
    hosts,
    faults: () => atEffects({ points, isHeartbeatDelivered, fates, outages }),
    quietAfterMs: 0,
    areFaultsLasting: true,
    isWireJson: points.size < 2,
    maxTravelMs: 0,
    listPageSize: 100,
    script: () => SCRIPT,
    timing: { ...TIMING, ...story.timing },
    ...(arrange === undefined ? {} : { arrange }),
    ...(weakness === undefined ? {} : { weakness }),
  };
}
