import type { LogEntry } from '../../simulator/index.ts';
import type { Account } from '../../src/core/account.ts';
import type { AccountDirectory } from '../../src/core/accounts.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import type { Price } from '../../src/core/money.ts';
import { Secret } from '../../src/core/secret.ts';
import { createProvider } from '../../src/providers/index.ts';

export const ACCOUNT = 'studio';

/** An account as JSON, so that a process of its own can make the same one. */
export type AccountFacts = Omit<Account, 'apiKey' | 'prices'> & {
  readonly prices: readonly (readonly [model: string, prices: readonly Price[]])[];
};

const PRICE: Price = {
  currency: 'USD',
  unit: 'item',
  micros: '350000',
  when: {},
  source: 'contract 2026-10',
};

export function toAccount(
  provider: 'nexusflow' | 'rixapi',
  baseUrl: string,
  exclusive: boolean,
): AccountFacts {
  return {
    name: ACCOUNT,
    provider,
    baseUrl,
    keyId: 'file:provider.key',
    realm: ACCOUNT,
    exclusive,
    currency: 'USD',
    limits: { submitsPerMinute: 6_000, pollsPerMinute: 6_000, concurrentTasks: 1_000 },
    allowPrivateHosts: true,
    timing: {},
    prices: [['kling-v2', [PRICE]]],
    onUnknown: 'hold',
    maxResubmits: 0,
  };
}

export function toDirectory(facts: AccountFacts): AccountDirectory {
  const apiKey = new Secret(() => 'simulated');
  const account = { ...facts, apiKey, prices: new Map(facts.prices) };
  return new Map([[account.name, { account, provider: createProvider(account) }]]);
}

/** The prompt is the job's id, so that the provider's book tells whose create is whose. */
export function toRequest(provider: 'nexusflow' | 'rixapi', jobId: string): MediaRequest {
  return provider === 'rixapi'
    ? { model: `${ACCOUNT}/kling-v2`, prompt: jobId }
    : { model: `${ACCOUNT}/wan2.6-t2v`, prompt: jobId, durationSeconds: 5 };
}

/** The job of a create: NexusFlow takes the prompt at the top of the body, RixAPI in `input`. */
export function toJobId({ body }: LogEntry): unknown {
  const input = body?.['input'] as Readonly<Record<string, unknown>> | undefined;
  return body?.['prompt'] ?? input?.['prompt'];
}
