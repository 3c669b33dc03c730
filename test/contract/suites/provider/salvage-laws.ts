import { deepEqual, equal, ok } from 'node:assert/strict';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { Provider } from '../../../../src/core/provider.ts';
import type { ContractCase } from '../contract-case.ts';
import { isPlainJson } from '../plain-json.ts';
import { watchCalls } from '../provider-calls.ts';
import { jsonReply } from '../scripted-server.ts';
import type { MakeLaw, ProviderContractOptions } from './stage.ts';

/** What an adapter may read out of a reply that broke off: the task's id or nothing. Kept also by one that reads nothing. */
export function salvageLaws(
  options: ProviderContractOptions,
  law: MakeLaw,
): readonly ContractCase[] {
  const { accepted, running, succeeded } = options.wire;
  const [request] = options.requests;
  return [
    law('a reply cut at any place names its task or nothing', async ({ provider }) => {
      for (const body of spellings(accepted, succeeded)) {
        const found = Array.from({ length: body.length + 1 }, (_, length) =>
          salvagedId(provider, body.slice(0, length)),
        );

        deepEqual(
          found.filter((taskId) => taskId !== undefined && taskId !== options.taskId),
          [],
        );
        equal(found[0], undefined);
        if (provider.salvage !== undefined) equal(found.at(-2), options.taskId);
      }
    }),
    law('a reply that broke off on its way names a task that can be read', async (stage) => {
      const { calls, provider, server } = stage;
      const body = JSON.stringify(accepted);
      server.answer({ kind: 'cut', status: 200, body: body.slice(0, -1) });
      const submission = await calls.submit(request);
      ok(submission.outcome === 'unknown', JSON.stringify(submission));
      const salvaged = provider.salvage?.(submission.evidence);
      if (provider.salvage === undefined) return;

      equal(salvaged?.taskId, options.taskId);
      ok(isPlainJson(salvaged));
      server.answer(jsonReply(200, running));
      const fresh = watchCalls(options.createProvider(server.baseUrl));
      equal((await fresh.read(salvaged.operation)).outcome, 'read');
    }),
    law('a prompt that stands in the reply takes no id away', async (stage) => {
      const { calls, provider, server } = stage;
      const body = JSON.stringify(accepted).slice(0, -1);
      server.answer({ kind: 'cut', status: 200, body });
      for (const prompt of [body.slice(0, 12), body, options.taskId]) {
        const submission = await calls.submit({ ...request, prompt });
        ok(submission.outcome === 'unknown', JSON.stringify(submission));
        const salvaged = provider.salvage?.(submission.evidence);

        if (provider.salvage !== undefined) equal(salvaged?.taskId, options.taskId);
      }
    }),
    law('only a success names a task, and only by its own id', async ({ provider }) => {
      const body = JSON.stringify(accepted);
      equal(provider.salvage?.({ reason: 'cut', body }), undefined);
      for (const httpStatus of [199, 302, 400, 429, 500, 502]) {
        equal(provider.salvage?.({ reason: 'cut', body, httpStatus }), undefined);
      }
      const nameless = Object.entries(accepted).filter(([name]) => name !== 'id');
      for (const foreign of foreignIds(options.taskId)) {
        const hostile = { ...Object.fromEntries(nameless), ...foreign };
        equal(salvagedId(provider, JSON.stringify(hostile)), undefined, JSON.stringify(hostile));
      }
      for (const text of [`[${body}]`, `"${options.taskId}"`, `id: ${options.taskId}`, '{"id":']) {
        equal(salvagedId(provider, text), undefined, text);
      }
    }),
  ];
}

function salvagedId(provider: Provider, body: string): string | undefined {
  return provider.salvage?.({ reason: 'cut', httpStatus: 200, body })?.taskId;
}

/** As an API may print one body. */
function spellings(...bodies: readonly JsonObject[]): readonly string[] {
  return bodies.flatMap((body) => [
    JSON.stringify(body),
    JSON.stringify(body, null, 2),
    JSON.stringify(Object.fromEntries(Object.entries(body).reverse())),
  ]);
}

/** Members that hold an id which is not the task's. */
function foreignIds(taskId: string): readonly JsonObject[] {
  const other = { id: taskId };
  return [
    { error: other },
    { input: other },
    { data: [other] },
    { request_id: taskId },
    { note: JSON.stringify(other) },
    { id: 17 },
    { id: null },
    { id: other },
    { id: [taskId] },
    { id: 'two words' },
    { id: '' },
    { id: 'x'.repeat(201) },
  ];
}
