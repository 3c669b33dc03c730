import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import type { MediaRequest } from '../../../src/core/job.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Submission } from '../../../src/core/provider.ts';
import type { ContractCase } from './contract-case.ts';
import { isPlainJson } from './plain-json.ts';
import { KEY, watchCalls } from './provider-calls.ts';
import type { ProviderCalls } from './provider-calls.ts';
import { billingLaws } from './provider/billing-laws.ts';
import { lastCheckLaws } from './provider/last-check-laws.ts';
import { salvageLaws } from './provider/salvage-laws.ts';
import { lawsFor } from './provider/stage.ts';
import type { MakeLaw, ProviderContractOptions, Stage } from './provider/stage.ts';
import type { Answer } from './scripted-server.ts';
import { jsonReply } from './scripted-server.ts';

export type { ProviderContractOptions } from './provider/stage.ts';

const HTML = '<!doctype html><html><body>Bad gateway</body></html>';
const HUGE = JSON.stringify({ note: 'x'.repeat(2 * 1024 * 1024) });
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const SLOW_MS = 500;

const html = (status: number): Answer => ({
  kind: 'reply',
  status,
  body: HTML,
  headers: { 'content-type': 'text/html' },
});
const plain = (status: number, body: string): Answer => ({ kind: 'reply', status, body });

/** The laws of the provider port, for one adapter. Sends to a server of its own; needs no network. */
export function providerContract(options: ProviderContractOptions): readonly ContractCase[] {
  const law = lawsFor(options);
  const [request] = options.requests;
  const submitOnce = async (
    stage: Stage,
    answer: Answer,
    timeoutMs?: number,
  ): Promise<Submission> => {
    stage.server.answer(answer);
    const submission = await stage.calls.submit(request, { timeoutMs });
    equal(stage.server.requests.length, 1, 'exactly one request must arrive');
    equal(stage.server.requests[0]?.method, 'POST');
    return submission;
  };
  const readAfter = async (stage: Stage, body: Answer): ReturnType<ProviderCalls['read']> => {
    stage.server.answer(body);
    return stage.calls.read(stage.provider.operationOf(options.taskId, request));
  };

  return [
    ...unknownAnswers(options).map(([what, answer, timeoutMs]) =>
      law(`a create answered by ${what} is unknown, and is sent once`, async (stage) => {
        const submission = await submitOnce(stage, answer, timeoutMs);

        ok(submission.outcome === 'unknown', JSON.stringify(submission));
        ok(submission.evidence.reason.length > 0);
        ok(Buffer.byteLength(submission.evidence.body ?? '') <= 4096);
      }),
    ),
    ...REFUSALS.map(([status, code]) =>
      law(`a create answered by ${String(status)} is rejected, and is sent once`, async (stage) => {
        const body = { error: { message: `no: Bearer ${KEY}`, type: 'x' } };
        const submission = await submitOnce(stage, jsonReply(status, body));

        ok(submission.outcome === 'rejected', JSON.stringify(submission));
        equal(submission.error.code, code);
        notEqual(submission.error.details['reason'], 'not_sent');
      }),
    ),
    law(
      'a create answered by 503 is sent once, and is unknown or declared as rejected',
      async (stage) => {
        const submission = await submitOnce(stage, jsonReply(503, { error: 'overloaded' }));

        ok(submission.outcome !== 'accepted');
        if (submission.outcome === 'rejected') equal(submission.error.code, 'provider.unavailable');
      },
    ),
    law('a rejection by lack of money has its own code, whatever its status', async (stage) => {
      const error = { code: 'insufficient_user_quota', message: 'empty', type: 'x' };
      const submission = await submitOnce(stage, jsonReply(403, { error }));

      ok(submission.outcome === 'rejected');
      equal(submission.error.code, 'provider.out_of_credit');
    }),
    law('Retry-After travels with a rejection, clamped', async (stage) => {
      const short = await submitOnce(stage, jsonReply(429, {}, { 'retry-after': '7' }));
      stage.server.answer(jsonReply(429, {}, { 'retry-after': '99999999999' }));
      const absurd = await stage.calls.submit(request);

      ok(short.outcome === 'rejected' && absurd.outcome === 'rejected');
      equal(short.retryAfterMs, 7000);
      equal(absurd.retryAfterMs, 3_600_000);
    }),
    law('a refused connection is rejected as not sent', async (stage) => {
      await stage.server.close();
      const submission = await stage.calls.submit(request);

      ok(submission.outcome === 'rejected', JSON.stringify(submission));
      equal(submission.error.code, 'provider.unavailable');
      equal(submission.error.details['reason'], 'not_sent');
    }),
    law('a connection cut before the request is rejected as not sent', async (stage) => {
      stage.server.answer({ kind: 'close-before-request' });
      const submission = await stage.calls.submit(request);

      ok(submission.outcome === 'rejected', JSON.stringify(submission));
      equal(submission.error.details['reason'], 'not_sent');
      equal(stage.server.requests.length, 0);
    }),
    ...lastCheckLaws(law, request),
    law('an abort while a create is in flight leaves it unknown', async (stage) => {
      stage.server.answer({ kind: 'silence' });
      const controller = new AbortController();
      const pending = stage.calls.submit(request, { signal: controller.signal });
      while (stage.server.requests.length === 0)
        await new Promise((resolve) => setImmediate(resolve));
      controller.abort();

      equal((await pending).outcome, 'unknown');
      equal(stage.server.requests.length, 1);
    }),
    law(
      'every sample request is valid, accepted, and sent with the key as bearer',
      async (stage) => {
        for (const sample of options.requests) {
          deepEqual(stage.provider.validate(sample), []);
          const submission = await stage.calls.submit(sample);

          ok(submission.outcome === 'accepted', JSON.stringify(submission));
          equal(submission.taskId, options.taskId);
        }
        for (const { headers } of stage.server.requests) {
          equal(headers['authorization'], `Bearer ${KEY}`);
        }
      },
    ),
    law(
      'an operation is plain JSON, and all that a fresh adapter needs to read the task',
      async (stage) => {
        const submission = await stage.calls.submit(request);
        ok(submission.outcome === 'accepted');
        const stored = JSON.parse(JSON.stringify(submission.operation)) as JsonObject;
        deepEqual(stored, submission.operation);
        stage.server.answer(jsonReply(200, options.wire.running));
        const fresh = watchCalls(options.createProvider(stage.server.baseUrl));
        const reading = await fresh.read(stored);

        ok(reading.outcome === 'read', JSON.stringify(reading));
        equal(reading.snapshot.status, 'running');
        equal(stage.server.requests.at(-1)?.method, 'GET');
        equal(stage.server.requests.length, 2);
      },
    ),
    law('each state of a task is read as what it is', async (stage) => {
      for (const status of ['queued', 'running', 'succeeded', 'failed'] as const) {
        const reading = await readAfter(stage, jsonReply(200, options.wire[status]));

        ok(reading.outcome === 'read', JSON.stringify(reading));
        equal(reading.snapshot.status, status);
        ok(isPlainJson(reading.snapshot));
        equal((reading.snapshot.outputs ?? []).length > 0, status === 'succeeded');
        equal(reading.snapshot.error !== undefined, status === 'failed');
      }
    }),
    law(
      'a status that nobody documented keeps the task running, and is logged once',
      async (stage) => {
        const body = { ...options.wire.running, status: 'paused_for_review' };
        for (const reading of [
          await readAfter(stage, jsonReply(200, body)),
          await readAfter(stage, jsonReply(200, body)),
        ]) {
          ok(reading.outcome === 'read');
          equal(reading.snapshot.status, 'running');
          equal(reading.snapshot.providerStatus, 'paused_for_review');
        }
        equal(stage.calls.warnings(), 1);
      },
    ),
    ...READ_TROUBLES.map(([what, answer, trouble]) =>
      law(`a read answered by ${what} is trouble, not an end`, async (stage) => {
        const reading = await readAfter(stage, answer);

        ok(reading.outcome === 'trouble', JSON.stringify(reading));
        equal(reading.trouble, trouble);
        equal(stage.server.requests.length, answer.kind === 'close-before-request' ? 0 : 1);
      }),
    ),
    law('a body about another task tells nothing about this one', async (stage) => {
      const reading = await readAfter(
        stage,
        jsonReply(200, { ...options.wire.succeeded, id: 'another' }),
      );

      ok(reading.outcome === 'trouble');
      equal(reading.trouble, 'unreadable');
    }),
    law('an id that cannot stand in a path is no id', async (stage) => {
      for (const id of ['', '..', 'a b', 'a\nb', 'x'.repeat(500), 17, null, {}]) {
        stage.server.answer(jsonReply(200, { ...options.wire.accepted, id }));

        equal((await stage.calls.submit(request)).outcome, 'unknown', JSON.stringify(id));
      }
    }),
    law('a capability is a member that is there, or is not declared', async ({ provider }) => {
      equal(provider.cancel !== undefined, provider.capabilities.cancelWhen !== undefined);
      equal(provider.list !== undefined, provider.capabilities.listPageSize !== undefined);
      if (provider.capabilities.submitRepair === 'list-by-position')
        ok(provider.list !== undefined);
      if (provider.capabilities.submitRepair === 'callback') ok(provider.callback !== undefined);
      if (provider.callback !== undefined) {
        deepEqual(provider.callback.parse(JSON.stringify(options.wire.succeeded)), {
          taskId: options.taskId,
        });
        for (const body of ['', 'no', '[]', '{}', '{"id":7}', '{"id":".."}', DEEP]) {
          equal(provider.callback.parse(body), undefined);
        }
      }
    }),
    law(
      'a broken request is an issue that names its field and rule, every time',
      async ({ provider }) => {
        const issues = provider.validate(options.brokenRequest);

        ok(issues.length > 0);
        ok(issues.every((issue) => issue.field !== '' && issue.rule !== ''));
        deepEqual(provider.validate(options.brokenRequest), issues);
      },
    ),
    ...billingLaws(law, options),
    ...salvageLaws(options, law),
    ...finishedAtOnce(options, law, request),
  ];
}

/** Answers that leave open whether a task was made, each with the time the call has. */
function unknownAnswers(
  options: ProviderContractOptions,
): readonly (readonly [string, Answer, number?])[] {
  const { accepted } = options.wire;
  const withoutId = Object.fromEntries(Object.entries(accepted).filter(([name]) => name !== 'id'));
  return [
    ['500', jsonReply(500, { error: { message: `boom ${KEY}` } })],
    ['502 with HTML', html(502)],
    ['504', plain(504, '')],
    ['409', jsonReply(409, {})],
    ['a redirect', { kind: 'reply', status: 307, body: '', headers: { location: '/elsewhere' } }],
    ['200 with HTML', html(200)],
    ['200 and nothing', plain(200, '')],
    ['200 and a task without an id', jsonReply(200, withoutId)],
    ['200 and an error', jsonReply(200, { error: { message: `echo ${KEY}` } })],
    ['200 and deep nesting', plain(200, DEEP)],
    ['200 and 2 MiB', plain(200, HUGE)],
    ['a body cut in its middle', { kind: 'cut', status: 200, body: '{"id":"' }],
    ['a closed connection', { kind: 'close-after-request' }],
    ['silence', { kind: 'silence' }, SLOW_MS],
  ];
}

const REFUSALS = [
  [400, 'request.invalid'],
  [401, 'provider.unauthorized'],
  [402, 'provider.out_of_credit'],
  [403, 'provider.unauthorized'],
  [404, 'request.invalid'],
  [413, 'request.invalid'],
  [422, 'request.invalid'],
  [429, 'provider.rate_limited'],
] as const;

const READ_TROUBLES: readonly (readonly [string, Answer, string])[] = [
  ['401', jsonReply(401, { error: { message: KEY } }), 'unauthorized'],
  ['403', jsonReply(403, {}), 'unauthorized'],
  ['404', jsonReply(404, { error: { code: 'task_not_found' } }), 'task_missing'],
  ['429', jsonReply(429, {}, { 'retry-after': '2' }), 'rate_limited'],
  ['500', jsonReply(500, {}), 'provider_unavailable'],
  ['503 with HTML', html(503), 'provider_unavailable'],
  [
    'a redirect',
    { kind: 'reply', status: 302, body: '', headers: { location: '/' } },
    'unreadable',
  ],
  ['200 with HTML', html(200), 'unreadable'],
  ['200 and nothing', plain(200, ''), 'unreadable'],
  ['200 and a list', plain(200, '[]'), 'unreadable'],
  ['200 and deep nesting', plain(200, DEEP), 'unreadable'],
  ['200 and 2 MiB', plain(200, HUGE), 'unreadable'],
  ['a body cut in its middle', { kind: 'cut', status: 200, body: '{' }, 'provider_unavailable'],
  ['a closed connection', { kind: 'close-after-request' }, 'provider_unavailable'],
  ['a reset', { kind: 'close-before-request' }, 'provider_unavailable'],
];

function finishedAtOnce(
  options: ProviderContractOptions,
  law: MakeLaw,
  request: MediaRequest,
): readonly ContractCase[] {
  const atOnce = law(
    'a create that finishes at once is accepted with its result',
    async (stage) => {
      stage.server.answer(jsonReply(202, options.wire.succeeded));
      const submission = await stage.calls.submit(request);

      ok(submission.outcome === 'accepted', JSON.stringify(submission));
      equal(submission.taskId, options.taskId);
      equal(submission.snapshot.status, 'succeeded');
    },
  );
  const body = options.wire.finishedWithoutId;
  if (body === undefined) return [atOnce];
  return [
    atOnce,
    law('a result without an id is accepted, and is never asked for', async (stage) => {
      stage.server.answer(jsonReply(200, body));
      const submission = await stage.calls.submit(request);

      ok(submission.outcome === 'accepted', JSON.stringify(submission));
      equal(submission.taskId, undefined);
      equal(submission.snapshot.status, 'succeeded');
      equal((await stage.calls.read(submission.operation)).outcome, 'trouble');
      equal(stage.server.requests.length, 1);
    }),
  ];
}
