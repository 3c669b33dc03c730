import type { Config } from '../config.ts';
import type { Account } from '../core/account.ts';
import type { Check } from './checks.ts';

const TIMEOUT_MS = 5_000;
/** A `Date` header has whole seconds and is as old as its reply. */
const TOLERATED_DIFFERENCE_MS = 5_000;

/** Can each provider be reached, and do its clock and ours agree? Sends no key and creates nothing. */
export async function* checkProviders(config: Config): AsyncGenerator<Check> {
  for (const account of config.accounts.values()) yield await checkProvider(account);
}

async function checkProvider({ name: accountName, baseUrl }: Account): Promise<Check> {
  const name = `provider of ${accountName}`;
  let response: Response;
  try {
    response = await fetch(baseUrl, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return {
      name,
      outcome: 'problem',
      message: `${baseUrl} does not answer`,
      advice: 'check baseUrl and the network; jobs wait until it answers',
      code: 'provider.unavailable',
    };
  }
  const stamp = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(stamp)) {
    return { name, outcome: 'ok', message: `${baseUrl} answers; it does not tell its time` };
  }
  const differenceMs = Date.now() - stamp;
  const seconds = Math.round(differenceMs / 1000);
  if (Math.abs(differenceMs) <= TOLERATED_DIFFERENCE_MS) {
    return { name, outcome: 'ok', message: `${baseUrl} answers; the clocks agree` };
  }
  return {
    name,
    outcome: 'notice',
    message: `${baseUrl} answers; our clock is ${String(Math.abs(seconds))} s ${seconds > 0 ? 'ahead' : 'behind'}`,
    advice: 'synchronise the clock of this machine',
  };
}
