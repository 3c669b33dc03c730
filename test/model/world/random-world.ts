import { toWorkflowId } from '../../../src/core/keys.ts';
import { Random } from '../random.ts';
import type { FaultRates, Outage } from './faults.ts';
import { atRandom, CALM } from './faults.ts';
import { arrangeMessages } from './messages.ts';
import type { ApiKind } from './provider-model.ts';
import { START_MS } from './world.ts';
import type { AccountSpec, JobSpec, Weakness, WorldOptions } from './world.ts';

const MODELS = ['video', 'video', 'video', 'edit', 'unpriced'] as const;
const APIS: readonly [ApiKind, ...ApiKind[]] = [
  'lists',
  'lists',
  'lists in time',
  'calls back',
  'cancels',
];
const FAULTS_FOR_MS = 240_000;

/** An installation of a few jobs, its accounts, and what goes wrong, all drawn from one seed. */
export function randomWorld(seed: number, jobs: number, weakness?: Weakness): WorldOptions {
  const random = new Random(seed);
  const accounts = randomAccounts(random);
  const rates = randomRates(random);
  const [first, ...others] = accounts;
  const specs = Array.from({ length: jobs }, (_, index): JobSpec => {
    const account = random.pick([first, ...others]);
    const model = random.pick(MODELS);
    const request = {
      model: `${account.name}/${model}`,
      prompt: 'a lighthouse at dusk',
      ...(random.chance(0.5) && model !== 'edit' ? { durationSeconds: random.integer(2, 10) } : {}),
    };
    return {
      jobId: `job-${index + 1}`,
      input: { request },
      startAfterMs: random.chance(0.5) ? random.integer(0, 2_000) : random.integer(0, 90_000),
    };
  });
  return {
    seed: random.integer(1, 0x7fff_ffff),
    accounts,
    jobs: specs,
    hosts: random.integer(1, 3),
    faults: (stream) => (rates === undefined ? CALM : atRandom(stream, rates)),
    quietAfterMs: FAULTS_FOR_MS,
    isWireJson: random.chance(0.05),
    maxTravelMs: random.pick([0, 20, 400]),
    listPageSize: random.pick([3, 20, 100]),
    arrange: (world) => arrangeMessages(world, toWorkflowId),
    ...(weakness === undefined ? {} : { weakness }),
  };
}

function randomAccounts(random: Random): readonly [AccountSpec, ...AccountSpec[]] {
  const api = random.pick(APIS);
  const account = (name: string, realm: string): AccountSpec => ({
    name,
    realm,
    api,
    exclusive: random.chance(0.8),
    onUnknown: random.pick(['hold', 'hold', 'fail', 'resubmit']),
    maxResubmits: random.integer(0, 2),
    places: random.integer(1, 6),
  });
  const first = account('main', 'realm');
  if (random.chance(0.6)) return [first];
  // Two accounts of one realm share its list, and with it their doubts; so they agree who else uses it.
  return [first, { ...account('second', 'realm'), exclusive: first.exclusive }];
}

/** Most runs meet a little of everything, some a lot of it, some nothing. */
function randomRates(random: Random): FaultRates | undefined {
  const level = random.pick([0, 0.3, 1, 1, 2, 4]);
  if (level === 0) return undefined;
  const rate = (usual: number): number => usual * level * random.next();
  return {
    crash: rate(0.02),
    unavailable: rate(0.04),
    freeze: rate(0.01),
    lose: rate(0.03),
    delay: random.pick([0, 0.2, 0.6]),
    post: Math.min(0.9, rate(0.6)),
    call: Math.min(0.9, rate(0.1)),
    fetch: Math.min(0.9, rate(0.15)),
    outages: random.chance(0.25) ? [randomOutage(random), randomOutage(random)] : [],
  };
}

function randomOutage(random: Random): Outage {
  const fromMs = START_MS + random.integer(0, 120_000);
  const port = random.pick(['ledger.', 'ledger.', 'spool.', 'store.', 'complete']);
  return { port, fromMs, toMs: fromMs + random.integer(1_000, 90_000) };
}
