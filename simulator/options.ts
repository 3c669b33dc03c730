import type { PriceRule } from './prices.ts';
import type { MediaSpec, ProviderName } from './task.ts';

export type Range = readonly [minimum: number, maximum: number];

/** Every option has a default; the defaults are the behaviour that the documents state. */
export interface SimulatorOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Decides how long each task takes. Default 1. */
  readonly seed?: number;
  /** Divides all durations. Default 1: videos take 60..300 s, images 10..30 s. */
  readonly speed?: number;
  /** Replaces the documented durations; `speed` divides these, too. `synchronous` is the time a create waits for its finished image. */
  readonly durationsMs?: {
    readonly image?: Range;
    readonly video?: Range;
    readonly synchronous?: Range;
  };
  /** The accepted API keys. Default: every key that does not begin with `wrong`, each its own user. */
  readonly keys?: Readonly<Record<string, { readonly user: string }>>;
  /** NexusFlow's site: USD (default) or CNY. */
  readonly currency?: 'USD' | 'CNY';
  /** Looked at before the prices of the documents. */
  readonly prices?: readonly PriceRule[];
  /** Models beside the documented ones, for RixAPI and DieyuYun. */
  readonly models?: readonly ExtraModel[];
  /** JSON lines, appended and synced before a reply is sent. A simulator started on it again knows its tasks. */
  readonly logFile?: string;
  /** How long result URLs answer after the task's end. Default 24 h. */
  readonly urlLifeMs?: number;
  /** Every reading prints addresses of its own, which answer so long after that reading. Default: addresses do not change. */
  readonly signedUrlLifeMs?: number;
  /** How long a task id answers after the create. Default 24 h. */
  readonly taskLifeMs?: number;
  /** Default `Date.now`. Timers follow it at the latest with the next request. */
  readonly nowMs?: () => number;
  /** NexusFlow: a task advances only when its own id is read. Default false. */
  readonly lazy?: boolean;
  /** NexusFlow: progress is 0, 50 or 100. Default true. */
  readonly syntheticProgress?: boolean;
  /** NexusFlow: who may read a task. The list always shows the user's. Default `key`. */
  readonly readScope?: 'key' | 'user';
  /** NexusFlow: ids are bare UUIDs. Default false. */
  readonly bareIds?: boolean;
  /** DieyuYun: a cancelled task is billed as if it had succeeded. Default false. */
  readonly billsCancelled?: boolean;
  /** DieyuYun: models that answer a create with the finished images, whatever `async` says. */
  readonly synchronousModels?: readonly string[];
  /** Per key and minute; over that 429 with `Retry-After`. Default: no limit. */
  readonly limits?: {
    readonly createsPerMinute?: number;
    readonly readsPerMinute?: number;
    /** How long such a minute lasts, for trials whose time is scaled. Default 60,000 ms. */
    readonly minuteMs?: number;
  };
}

export interface ExtraModel {
  readonly provider: ProviderName;
  readonly model: string;
  readonly kind: MediaSpec['kind'];
}

export type Settings = Required<
  Omit<SimulatorOptions, 'keys' | 'logFile' | 'durationsMs' | 'limits' | 'signedUrlLifeMs'>
> & {
  readonly keys: SimulatorOptions['keys'];
  readonly logFile: string | undefined;
  readonly signedUrlLifeMs: number | undefined;
  readonly durationsMs: Record<'image' | 'video' | 'synchronous', Range>;
  readonly createsPerMinute: number;
  readonly readsPerMinute: number;
  readonly minuteMs: number;
};

const DAY_MS = 24 * 3600 * 1000;

/** @throws RangeError where an option cannot be meant. */
export function toSettings(options: SimulatorOptions): Settings {
  const speed = options.speed ?? 1;
  if (!(speed > 0))
    throw new RangeError(`speed is ${speed}; it divides durations, so give a number above 0`);
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    seed: options.seed ?? 1,
    speed,
    durationsMs: {
      // NexusFlow video page and DieyuYun async page, read 2026-11-21: video 1 to 5 minutes, images 10 to 30 seconds.
      video: options.durationsMs?.video ?? [60_000, 300_000],
      image: options.durationsMs?.image ?? [10_000, 30_000],
      synchronous: options.durationsMs?.synchronous ?? [3_000, 8_000],
    },
    keys: options.keys,
    currency: options.currency ?? 'USD',
    prices: options.prices ?? [],
    models: options.models ?? [],
    logFile: options.logFile,
    urlLifeMs: options.urlLifeMs ?? DAY_MS,
    signedUrlLifeMs: options.signedUrlLifeMs,
    taskLifeMs: options.taskLifeMs ?? DAY_MS,
    nowMs: options.nowMs ?? Date.now,
    lazy: options.lazy ?? false,
    syntheticProgress: options.syntheticProgress ?? true,
    readScope: options.readScope ?? 'key',
    bareIds: options.bareIds ?? false,
    billsCancelled: options.billsCancelled ?? false,
    synchronousModels: options.synchronousModels ?? [],
    createsPerMinute: options.limits?.createsPerMinute ?? Infinity,
    readsPerMinute: options.limits?.readsPerMinute ?? Infinity,
    minuteMs: options.limits?.minuteMs ?? 60_000,
  };
}
