import type { JsonObject } from '../../src/core/json.ts';
import type { Price } from '../../src/core/money.ts';
import { createDieyuYun } from '../../src/providers/dieyuyun/index.ts';
import { createNexusFlow } from '../../src/providers/nexusflow/index.ts';
import { createRixApi } from '../../src/providers/rixapi/index.ts';
import type { ProviderOptions } from '../../src/providers/options.ts';
import { readFixture } from '../fixtures/read-fixture.ts';
import { providerContract } from './suites/provider-contract.ts';
import type { ProviderContractOptions } from './suites/provider-contract.ts';

/** What a task costs by these is known once it has ended. */
const PER_TOKEN: Price = {
  currency: 'USD',
  unit: 'token',
  micros: '15',
  when: {},
  source: 'contract 2026-10',
};

const onLoopback = (baseUrl: string): ProviderOptions => ({
  baseUrl,
  currency: 'USD',
  prices: new Map([
    ['kling-v2', [PER_TOKEN]],
    ['gpt-image-2', [PER_TOKEN]],
    ['sora-2', [{ ...PER_TOKEN, unit: 'second', micros: '70000' }]],
  ]),
  allowPrivateHosts: true,
});

const wireOf = (provider: string): ProviderContractOptions['wire'] => ({
  accepted: readFixture(provider, 'accepted'),
  queued: readFixture(provider, 'queued'),
  running: readFixture(provider, 'running'),
  succeeded: readFixture(provider, 'succeeded'),
  failed: readFixture(provider, 'failed'),
});

const withoutId = (body: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'id'));

const ADAPTERS: Readonly<Record<string, ProviderContractOptions>> = {
  nexusflow: {
    createProvider: (baseUrl) => createNexusFlow(onLoopback(baseUrl)),
    requests: [
      { model: 'wan2.6-t2v', prompt: 'a lighthouse in the rain', durationSeconds: 5 },
      { model: 'wan2.6-i2v', prompt: 'it moves', imageUrls: ['https://example.com/a.png'] },
    ],
    brokenRequest: { model: 'wan2.6-t2v', durationSeconds: 2 },
    taskId: 'task_0385dc79-5ff8-4d82-xxxx',
    wire: {
      ...wireOf('nexusflow'),
      finishedWithoutId: withoutId(readFixture('nexusflow', 'image-at-once')),
    },
  },
  rixapi: {
    createProvider: (baseUrl) => createRixApi(onLoopback(baseUrl)),
    requests: [{ model: 'kling-v2', prompt: 'a lighthouse', extra: { duration: '5' } }],
    brokenRequest: { model: 'kling-v2', prompt: 'a lighthouse', durationSeconds: 5 },
    taskId: 'task_abc123',
    wire: { ...wireOf('rixapi'), finishedWithoutId: withoutId(readFixture('rixapi', 'succeeded')) },
  },
  dieyuyun: {
    createProvider: (baseUrl) => createDieyuYun(onLoopback(baseUrl)),
    requests: [
      { model: 'gpt-image-2', prompt: 'a cat on a windowsill', size: '1024x1024' },
      { model: 'sora-2', prompt: 'a cat on a windowsill', extra: { seconds: 4 } },
    ],
    brokenRequest: { model: 'gpt-image-2', prompt: 'a cat', size: 'big' },
    taskId: 'task_abc123xyz',
    wire: {
      ...wireOf('dieyuyun'),
      finishedWithoutId: readFixture('dieyuyun', 'finished-openai-body'),
    },
  },
};

describe.each(Object.entries(ADAPTERS))('%s keeps the laws of the provider port:', (_, options) => {
  it.each(providerContract(options).map((law) => [law.name, law] as const))('%s', (_name, law) =>
    law.run(),
  );
});
