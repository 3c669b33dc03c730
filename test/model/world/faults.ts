import { LedgerError, ProviderError, StorageError } from '../../../src/core/errors.ts';
import type { Random } from '../random.ts';
import { never } from '../temporal/worker-process.ts';
import type { Pause, Perform, WorkerProcess } from '../temporal/worker-process.ts';

/** What befalls one effect of one process. */
export type Fault =
  | { readonly kind: 'crash'; readonly when: 'before' | 'during' | 'after' }
  | { readonly kind: 'unavailable'; readonly when: 'before' | 'after' }
  | { readonly kind: 'freeze'; readonly when: 'before' | 'after'; readonly pause: Pause }
  /** The answer comes late. */
  | { readonly kind: 'delay'; readonly when: 'before' | 'after'; readonly forMs: number }
  /** It happened, and nobody hears of it. */
  | { readonly kind: 'lose' };

/** How a POST ends at the provider and on the wire. */
export type PostFate =
  | 'accepted'
  | 'accepted, finished in the reply'
  | 'accepted, reply lost'
  | 'accepted, connection reset'
  | 'accepted, reply cut after the id'
  | 'accepted, reply cut before the id'
  | 'accepted, reply unreadable'
  | 'accepted, server error'
  | 'accepted late'
  | 'connection refused'
  | 'connection times out'
  | 'rate limited'
  | 'no capacity'
  | 'out of credit'
  | 'content refused'
  | 'lost on the way'
  | 'hangs for ever'
  | 'server error';

/** How another call to the provider ends. */
export type CallFate =
  'answered' | 'unavailable' | 'rate_limited' | 'unreadable' | 'unauthorized' | 'task_missing';

/** Decides what goes wrong. Asked in the order in which things happen. */
export interface Faults {
  next(effect: string, process: WorkerProcess): Fault | undefined;
  post(account: string): PostFate;
  call(): CallFate;
  fetch(): 'whole' | 'cut' | 'unavailable' | 'gone';
  /** Whether a heartbeat that was under way when its process died had left. */
  isHeartbeatDelivered(): boolean;
  /** Whether the server hears nothing at this time, milliseconds since 1970. */
  isServerAway(nowMs: number): boolean;
}

/** Nothing goes wrong. */
export const CALM: Faults = {
  next: () => undefined,
  post: () => 'accepted',
  call: () => 'answered',
  fetch: () => 'whole',
  isHeartbeatDelivered: () => true,
  isServerAway: () => false,
};

/** The ports of a process and its reports to the server, as faults let them be. */
export function createPerform(
  faults: () => Faults,
  onEffect: (process: WorkerProcess, effect: string, fault: Fault | undefined) => void,
): Perform {
  return async (process, effect, run) => {
    await process.alive();
    const fault = faults().next(effect, process);
    onEffect(process, effect, fault);
    if (fault === undefined) {
      const result = await run();
      if (process.isUntouched) return result;
      await process.alive();
      return result;
    }
    return await spoil(process, effect, run, fault, faults());
  };
}

async function spoil<T>(
  process: WorkerProcess,
  effect: string,
  run: () => Promise<T>,
  fault: Fault,
  faults: Faults,
): Promise<T> {
  const crash = (): Promise<never> => {
    process.kill(() => faults.isHeartbeatDelivered());
    return never();
  };
  if (fault.kind === 'lose') {
    if (!effect.startsWith('complete')) return await run();
    return await never();
  }
  if (fault.when === 'during') {
    run().catch(() => undefined);
    return await crash();
  }
  if (fault.when === 'before') await befall(process, effect, fault, crash);
  const result = await run();
  await process.alive();
  if (fault.when === 'after') await befall(process, effect, fault, crash);
  return result;
}

async function befall(
  process: WorkerProcess,
  effect: string,
  fault: Exclude<Fault, { kind: 'lose' }>,
  crash: () => Promise<never>,
): Promise<void> {
  switch (fault.kind) {
    case 'crash':
      await crash();
      return;
    case 'unavailable':
      throwUnavailable(effect);
      return;
    case 'freeze':
      process.freeze(fault.pause);
      await process.alive();
      return;
    case 'delay':
      await process.sleep(fault.forMs);
      await process.alive();
  }
}

/** Fails as the dependency itself would; what has no such error does not fail. */
function throwUnavailable(effect: string): void {
  const port = effect.slice(0, effect.indexOf('.'));
  const message = `${effect} failed`;
  if (port === 'ledger') throw new LedgerError('ledger.unavailable', message);
  if (port === 'store' || port === 'spool') throw new StorageError('storage.unavailable', message);
  if (port === 'fetcher') throw new ProviderError('provider.unavailable', message);
}

/** A dependency that is away for a while: every effect whose name begins with `port` fails, or is not heard of. */
export interface Outage {
  readonly port: string;
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is sent to the server: reports of completions, and heartbeats. */
const SERVER = 'complete';

function duringOutage(
  outages: readonly Outage[],
  effect: string,
  nowMs: number,
): Fault | undefined {
  const isAway = outages.some(
    ({ port, fromMs, toMs }) => effect.startsWith(port) && nowMs >= fromMs && nowMs < toMs,
  );
  if (!isAway) return undefined;
  return effect.startsWith(SERVER) ? { kind: 'lose' } : { kind: 'unavailable', when: 'before' };
}

/** What goes wrong in a run that is told exactly. */
export interface ExactFaults {
  /** By effect, counted from 0 over the whole run. */
  readonly points: ReadonlyMap<number, Fault>;
  readonly isHeartbeatDelivered: boolean;
  /** Of its POSTs in order; later ones are accepted. */
  readonly fates: readonly PostFate[];
  readonly outages: readonly Outage[];
}

export function atEffects({ points, isHeartbeatDelivered, fates, outages }: ExactFaults): Faults {
  let index = -1;
  let posts = -1;
  return {
    ...CALM,
    next: (effect, process) => {
      index += 1;
      return points.get(index) ?? duringOutage(outages, effect, process.time.nowMs);
    },
    post: () => {
      posts += 1;
      return fates[posts] ?? 'accepted';
    },
    isHeartbeatDelivered: () => isHeartbeatDelivered,
    isServerAway: (nowMs) => duringOutage(outages, SERVER, nowMs) !== undefined,
  };
}

/** How often each thing goes wrong, in [0, 1]. */
export interface FaultRates {
  readonly crash: number;
  readonly unavailable: number;
  readonly freeze: number;
  readonly lose: number;
  readonly delay: number;
  /** Of POSTs that do not simply end accepted. */
  readonly post: number;
  readonly call: number;
  readonly fetch: number;
  readonly outages: readonly Outage[];
}

const POST_FATES = [
  'accepted, finished in the reply',
  'accepted, reply lost',
  'accepted, connection reset',
  'accepted, reply cut after the id',
  'accepted, reply cut before the id',
  'accepted, reply unreadable',
  'accepted, server error',
  'accepted late',
  'connection refused',
  'connection times out',
  'rate limited',
  'no capacity',
  'out of credit',
  'content refused',
  'lost on the way',
  'hangs for ever',
  'server error',
] as const satisfies readonly PostFate[];

const CALL_FATES = [
  'unavailable',
  'unavailable',
  'rate_limited',
  'unreadable',
  'unauthorized',
  'task_missing',
] as const satisfies readonly CallFate[];

/** Faults at random, at given rates. */
export function atRandom(random: Random, rates: FaultRates): Faults {
  return {
    next: (effect, process) =>
      duringOutage(rates.outages, effect, process.time.nowMs) ?? nextFault(random, rates, effect),
    post: () => (random.chance(rates.post) ? random.pick(POST_FATES) : 'accepted'),
    call: () => (random.chance(rates.call) ? random.pick(CALL_FATES) : 'answered'),
    fetch: () => {
      if (!random.chance(rates.fetch)) return 'whole';
      return random.pick(['cut', 'unavailable', 'unavailable', 'gone']);
    },
    isHeartbeatDelivered: () => random.chance(0.5),
    isServerAway: (nowMs) => duringOutage(rates.outages, SERVER, nowMs) !== undefined,
  };
}

/** What a process looks at right before a call that cannot be taken back. */
const LAST_LOOKS: ReadonlySet<string> = new Set(['ledger.maySend', 'provider.read']);

function nextFault(random: Random, rates: FaultRates, effect: string): Fault | undefined {
  const draw = random.next();
  let limit = rates.delay;
  if (draw < limit) {
    const forMs = random.chance(0.9) ? random.integer(1, 400) : random.integer(400, 12_000);
    return { kind: 'delay', when: random.pick(['before', 'after']), forMs };
  }
  limit += rates.crash;
  if (draw < limit) return { kind: 'crash', when: random.pick(['before', 'during', 'after']) };
  limit += rates.unavailable;
  if (draw < limit) return { kind: 'unavailable', when: random.pick(['before', 'after']) };
  limit += rates.freeze;
  if (draw < limit) {
    const when = random.pick(['before', 'after'] as const);
    // With its clocks standing still, too, no process can tell that its last look is old.
    const canStopClock = !LAST_LOOKS.has(effect) || when === 'before';
    const stopsClock = random.chance(0.5) && canStopClock;
    return { kind: 'freeze', when, pause: { forMs: random.integer(1_000, 400_000), stopsClock } };
  }
  limit += rates.lose;
  if (draw < limit && effect.startsWith('complete')) return { kind: 'lose' };
  return undefined;
}
