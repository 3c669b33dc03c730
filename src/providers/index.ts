import type { Account, ProviderName } from '../core/account.ts';
import type { Provider } from '../core/provider.ts';
import { createDieyuYun } from './dieyuyun/index.ts';
import { createNexusFlow } from './nexusflow/index.ts';
import type { ProviderOptions } from './options.ts';
import { createRixApi } from './rixapi/index.ts';

/** Every adapter by the name that a configuration uses. */
export const PROVIDERS: Readonly<Record<ProviderName, (account: ProviderOptions) => Provider>> = {
  nexusflow: createNexusFlow,
  rixapi: createRixApi,
  dieyuyun: createDieyuYun,
};

/** The adapter of an account, bound to its base URL, currency and prices. Throws `config.invalid` for a bad base URL. */
export function createProvider(account: Account): Provider {
  return PROVIDERS[account.provider](account);
}

export { createMediaFetcher } from './fetch-media.ts';
export { createDieyuYun } from './dieyuyun/index.ts';
export { createNexusFlow } from './nexusflow/index.ts';
export { createRixApi } from './rixapi/index.ts';
export type { ProviderOptions } from './options.ts';
