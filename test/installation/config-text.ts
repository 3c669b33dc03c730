import type { RunningSimulator } from '../../simulator/index.ts';

/** Settings of an account as `pollux.yaml` takes them; `timing` and `limits` are laid over the impatient defaults. */
export interface AccountSettings {
  readonly provider?: 'nexusflow' | 'rixapi' | 'dieyuyun';
  readonly timing?: Readonly<Record<string, number>>;
  readonly limits?: Readonly<Record<string, number>>;
  readonly [setting: string]: unknown;
}

/** Name of the key file beside the configuration. */
export const KEY_FILE = 'provider.key';

const TIMING = {
  firstPollSeconds: 0.2,
  minPollSeconds: 0.2,
  maxPollSeconds: 0.5,
  submitTimeoutSeconds: 5,
  settleSeconds: 1,
  listSettleSeconds: 3,
};
const LIMITS = { submitsPerMinute: 6_000, pollsPerMinute: 6_000, concurrentTasks: 20 };

const ACCOUNTS: Readonly<Record<string, AccountSettings>> = {
  nexusflow: { provider: 'nexusflow' },
  gateway: {
    provider: 'rixapi',
    prices: { 'kling-v2': { perItemMicros: '350000', source: 'contract 2026-10' } },
  },
  dieyuyun: {
    provider: 'dieyuyun',
    currency: 'CNY',
    prices: { 'gpt-image-2': { perItemMicros: '1200000', source: 'contract 2026-10' } },
  },
};

/** The section of the configuration that names encryption keys; the files lie beside it. */
export function toEncryption(keyIds: readonly string[]): Readonly<Record<string, unknown>> {
  if (keyIds.length === 0) return {};
  return { encryption: { keys: keyIds.map((id) => ({ id, file: `${id}.key` })) } };
}

/** A configuration with one account per dialect at the simulator and whatever `accounts` and `sections` change or add. JSON is YAML. */
export function toConfigText(
  temporalAddress: string,
  baseUrls: RunningSimulator['baseUrls'],
  accounts: Readonly<Record<string, AccountSettings>> = {},
  sections: Readonly<Record<string, unknown>> = {},
): string {
  const names = [...new Set([...Object.keys(ACCOUNTS), ...Object.keys(accounts)])];
  const toAccount = (name: string): object => {
    const settings: AccountSettings = { ...ACCOUNTS[name], ...accounts[name] };
    const provider = settings.provider ?? 'nexusflow';
    return {
      baseUrl: baseUrls[provider],
      apiKey: { file: KEY_FILE },
      allowPrivateHosts: true,
      ...settings,
      provider,
      timing: { ...TIMING, ...settings.timing },
      limits: { ...LIMITS, ...settings.limits },
    };
  };
  return JSON.stringify({
    temporal: { address: temporalAddress },
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: 'file:artifacts' },
    spool: { directory: 'spool' },
    accounts: Object.fromEntries(names.map((name) => [name, toAccount(name)])),
    ...sections,
  });
}
