import type { Account } from '../core/account.ts';
import { ConfigError } from '../core/errors.ts';
import { refuseFetch } from './host-guard.ts';

/** What an adapter takes from its account: base URL, currency, prices and whether private hosts are allowed. */
export type ProviderOptions = Pick<
  Account,
  'baseUrl' | 'currency' | 'prices' | 'allowPrivateHosts'
>;

/** The base URL without slashes at its end. Throws `config.invalid` where the fetch rules refuse it. */
export function checkBaseUrl(
  options: Pick<ProviderOptions, 'baseUrl' | 'allowPrivateHosts'>,
): string {
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const problem = URL.canParse(baseUrl)
    ? refuseBaseUrl(new URL(baseUrl), options)
    : 'it is not a URL';
  if (problem !== undefined) {
    throw new ConfigError(
      'config.invalid',
      `baseUrl (${JSON.stringify(baseUrl.replace(/\/\/[^/@]*@/, '//'))}) cannot be used: ${problem}; ` +
        'give an https URL without credentials, or set allowPrivateHosts for a private one',
    );
  }
  return baseUrl;
}

/** An API may live on any port; otherwise it is held to the rules for result URLs. */
function refuseBaseUrl(
  url: URL,
  options: Pick<ProviderOptions, 'allowPrivateHosts'>,
): string | undefined {
  const portless = new URL(url);
  portless.port = '';
  return refuseFetch(portless, options);
}
