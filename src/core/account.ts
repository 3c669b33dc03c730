import type { Currency, Price } from './money.ts';
import type { Secret } from './secret.ts';

export type ProviderName = 'nexusflow' | 'rixapi' | 'dieyuyun';

/** Where the documents print a base URL. RixAPI is an engine behind many gateways, each with its own. */
export const DEFAULT_BASE_URLS: Readonly<Partial<Record<string, string>>> = {
  nexusflow: 'https://nexusflow.vip',
  dieyuyun: 'https://open.dieyuyun.com',
};

/** A named credential at a provider, from configuration. Holds no setting that was not given or defaulted. */
export interface Account {
  /** As in `<account>/<model>`; also the name of its queues. */
  readonly name: string;
  readonly provider: ProviderName;
  /** No `/v1` and no slash at the end. */
  readonly baseUrl: string;
  readonly apiKey: Secret;
  /** What the provider signs its callbacks with, where it does. */
  readonly callbackSecret?: Secret;
  /** Names the key in the ledger without telling it: `env:NAME` or `file:PATH`. */
  readonly keyId: string;
  /** The provider's user behind one or more accounts. Default: the account's name. */
  readonly realm: string;
  /** True: nobody but this installation creates tasks in this realm. */
  readonly exclusive: boolean;
  readonly currency: Currency;
  readonly limits: AccountLimits;
  /** True lets base URL and result URLs be loopback or private, and http. */
  readonly allowPrivateHosts: boolean;
  /** What the account sets; what it does not set comes from the model. */
  readonly timing: Partial<Timing>;
  /** Adds to or replaces the provider's price list, by model id. */
  readonly prices: ReadonlyMap<string, readonly Price[]>;
  readonly onUnknown: 'hold' | 'fail' | 'resubmit';
  readonly maxResubmits: number;
}

export interface AccountLimits {
  readonly submitsPerMinute: number;
  readonly pollsPerMinute: number;
  /** Places: submissions of the account that may be open at once. */
  readonly concurrentTasks: number;
}

/** All in seconds. */
export interface Timing {
  /** How long a task can be read, from arming. */
  readonly taskLifeSeconds: number;
  /** How long a result URL lives, from the last reading that showed the task unfinished. */
  readonly urlLifeSeconds: number;
  /** First useful moment to read a task after its acceptance. */
  readonly firstPollSeconds: number;
  readonly minPollSeconds: number;
  readonly maxPollSeconds: number;
  /** Deadline of the POST. */
  readonly submitTimeoutSeconds: number;
  /** How long after the deadline a submission's traces are still expected to surface. */
  readonly settleSeconds: number;
  readonly listSettleSeconds: number;
  /** Bounds everything before acceptance, but not a hold. */
  readonly giveUpSeconds: number;
}

/** What applies where neither account nor model says otherwise. */
export const DEFAULT_TIMING: Timing = {
  taskLifeSeconds: 86_400,
  urlLifeSeconds: 86_400,
  firstPollSeconds: 15,
  minPollSeconds: 10,
  maxPollSeconds: 30,
  submitTimeoutSeconds: 30,
  settleSeconds: 60,
  listSettleSeconds: 600,
  giveUpSeconds: 86_400,
};

/** Account over model over default, setting by setting. */
export function resolveTiming(account: Partial<Timing>, model: Partial<Timing>): Timing {
  return { ...DEFAULT_TIMING, ...model, ...account };
}
