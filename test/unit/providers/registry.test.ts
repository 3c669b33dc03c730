import type { Account } from '../../../src/core/account.ts';
import { Secret } from '../../../src/core/secret.ts';
import { DEFAULT_BASE_URLS } from '../../../src/core/account.ts';
import { createProvider, PROVIDERS } from '../../../src/providers/index.ts';

const account = (more: Partial<Account>): Account => ({
  name: 'main',
  provider: 'nexusflow',
  baseUrl: 'https://nexusflow.vip',
  apiKey: new Secret(() => 'k'),
  keyId: 'env:KEY',
  realm: 'main',
  exclusive: false,
  currency: 'USD',
  limits: { submitsPerMinute: 60, pollsPerMinute: 60, concurrentTasks: 5 },
  allowPrivateHosts: false,
  timing: {},
  prices: new Map(),
  onUnknown: 'hold',
  maxResubmits: 0,
  ...more,
});

describe('the registry of adapters', () => {
  it.each(['nexusflow', 'rixapi', 'dieyuyun'] as const)(
    'makes %s under its own name',
    (provider) => {
      expect(createProvider(account({ provider })).name).toBe(provider);
      expect(Object.keys(PROVIDERS)).toContain(provider);
    },
  );

  it('knows the base URLs that the documents print', () => {
    expect(DEFAULT_BASE_URLS).toEqual({
      nexusflow: 'https://nexusflow.vip',
      dieyuyun: 'https://open.dieyuyun.com',
    });
  });

  it.each([
    'http://nexusflow.vip',
    'https://127.0.0.1:8080',
    'https://u:p@nexusflow.vip',
    'nexusflow',
  ])('refuses %s as a base URL, telling no credentials', (baseUrl) => {
    const make = (): unknown => createProvider(account({ baseUrl }));

    expect(make).toThrow(/baseUrl .* cannot be used/);
    expect(make).not.toThrow(/u:p/);
  });

  it('takes any port of a public host, and a private host where that is allowed', () => {
    expect(createProvider(account({ baseUrl: 'https://api.example.com:8443' })).name).toBe(
      'nexusflow',
    );
    expect(
      createProvider(account({ baseUrl: 'http://127.0.0.1:1', allowPrivateHosts: true })).name,
    ).toBe('nexusflow');
  });
});
