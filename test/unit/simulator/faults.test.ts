import type { RunningSimulator } from '../../../simulator/index.ts';
import { until } from '../../installation/until.ts';
import { call, start, textToVideo } from './running-simulator.ts';

function kindsOf(log: readonly { kind: string }[]): string[] {
  return log.map((entry) => entry.kind);
}

/** True once every rule has struck. */
async function hasStruck({ url }: RunningSimulator): Promise<boolean> {
  const reply = await fetch(`${url}/admin/faults`);
  const rules = (await reply.json()) as readonly { readonly strikes: number }[];
  return rules.every(({ strikes }) => strikes > 0);
}

test('a dropped reply leaves one create in the log and a task that goes on', async () => {
  const { simulator, clock } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const body = textToVideo({ prompt: 'x [sim:drop-reply]' });

  await expect(call(url, { body })).rejects.toThrow();
  clock.nowMs += 150_000;

  expect(kindsOf(simulator.log())).toEqual(['create', 'reply_dropped', 'end']);
});

test('a task whose reply was dropped is in the list', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const { body: before } = await call(url, { body: textToVideo() });

  await expect(call(url, { body: textToVideo({ prompt: '[sim:drop-reply]' }) })).rejects.toThrow();

  const [, create] = simulator.log().filter(({ kind }) => kind === 'create');
  const listed = await call(`${url}?limit=10`);
  expect(listed.body['data']).toMatchObject([{ id: create?.taskId }, { id: before['id'] }]);
});

test('a create that is accepted late has its task before its reply, and not before its time', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  simulator.addFaults([{ operation: 'create', fault: { kind: 'accept_late', delayMs: 1_000 } }]);

  const pending = call(url, { body: textToVideo() });
  await until('the rule to strike', () => hasStruck(simulator));
  const early = await call(`${url}?limit=10`);
  const reply = await pending;
  const late = await call(`${url}?limit=10`);

  expect(early.body['data']).toEqual([]);
  expect(reply.status).toBe(202);
  expect(late.body['data']).toMatchObject([{ id: reply.body['id'] }]);
  expect(kindsOf(simulator.log())).toEqual(['list', 'create', 'list']);
});

test.each([
  ['is dropped at once', true],
  ['is left by its client', false],
])('a create that %s is accepted in its time all the same', async (_, isDropped) => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const fault = { kind: 'accept_late', delayMs: 1_000, isDropped } as const;
  simulator.addFaults([{ operation: 'create', fault }]);
  const client = new AbortController();
  const ended = fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test' },
    body: JSON.stringify(textToVideo()),
    signal: client.signal,
  }).then(
    () => 'answered',
    () => 'gone',
  );

  await until('the rule to strike', () => hasStruck(simulator));
  if (!isDropped) client.abort();
  expect(await ended).toBe('gone');
  const early = await call(`${url}?limit=10`);
  await until('the task', () => simulator.log().some(({ kind }) => kind === 'create'));
  const late = await call(`${url}?limit=10`);

  const create = simulator.log().find(({ kind }) => kind === 'create');
  expect(early.body['data']).toEqual([]);
  expect(late.body['data']).toMatchObject([{ id: create?.taskId, status: 'running' }]);
  expect(simulator.log().filter(({ kind }) => kind === 'create')).toHaveLength(1);
});

test('a create that was to be accepted late is not, once the simulator is closed', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.rixapi}/v1/task/submit`;
  const fault = { kind: 'accept_late', delayMs: 100, isDropped: true } as const;
  simulator.addFaults([{ operation: 'create', fault }]);

  await expect(call(url, { body: { model: 'kling-v2', input: {} } })).rejects.toThrow();
  await simulator.close();
  await new Promise((resolve) => setTimeout(resolve, 200));

  expect(simulator.log()).toEqual([]);
});

test('a reset before acceptance leaves no task', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  simulator.addFaults([{ operation: 'create', fault: { kind: 'reset_before' } }]);

  await expect(call(url, { body: textToVideo() })).rejects.toThrow();

  expect(simulator.log()).toMatchObject([{ kind: 'refused', reason: 'fault reset_before' }]);
});

test('a status fault speaks the dialect, strikes as often as told, and after as many calls as told', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const headers = { 'retry-after': '7' };
  simulator.addFaults([
    { operation: 'create', times: 2, after: 1, fault: { kind: 'status', status: 429, headers } },
  ]);

  const replies = [];
  for (let count = 0; count < 4; count += 1) replies.push(await call(url, { body: textToVideo() }));

  expect(replies.map((reply) => reply.status)).toEqual([202, 429, 429, 202]);
  expect(replies[1]!.headers.get('retry-after')).toBe('7');
  expect(replies[1]!.body).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
});

test('an accepted 502 hides a task that exists', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  simulator.addFaults([
    { operation: 'create', fault: { kind: 'status', status: 502, accepted: true } },
  ]);

  const reply = await call(url, { body: textToVideo() });

  expect(reply.status).toBe(502);
  expect(kindsOf(simulator.log())).toEqual(['create']);
});

test('a rule strikes only its provider, model and prompt', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const fault = { kind: 'status', status: 500 } as const;
  simulator.addFaults([
    { provider: 'rixapi', operation: 'create', fault },
    { model: 'pixverse-v6', operation: 'create', fault },
    { match: 'dog', operation: 'create', fault },
  ]);

  const cat = await call(url, { body: textToVideo({ prompt: 'a cat' }) });
  const dog = await call(url, { body: textToVideo({ prompt: 'a dog' }) });

  expect([cat.status, dog.status]).toEqual([202, 500]);
});

test('reads can be missing, become a page of html, fail the task, or expire it', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const one = await call(url, { body: textToVideo() });
  const other = await call(url, { body: textToVideo() });
  const read = (reply: typeof one): string => `${url}/${String(reply.body['id'])}`;
  const kinds = ['not_found', 'html', 'fail_task', 'expire_task'] as const;
  simulator.addFaults(kinds.map((kind) => ({ operation: 'read', fault: { kind } })));

  const missing = await call(read(one));
  const page = await fetch(read(one), { headers: { authorization: 'Bearer sk-test' } });
  const failed = await call(read(one));
  const expired = await call(read(other));

  expect(missing.status).toBe(404);
  expect(page.headers.get('content-type')).toBe('text/html');
  expect(failed.body).toMatchObject({ status: 'failed', error: 'Task query failed (HTTP 500)' });
  expect(expired.status).toBe(404);
});

test('a stuck task never ends', async () => {
  const { simulator, clock } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  simulator.addFaults([{ operation: 'create', fault: { kind: 'stuck_task' } }]);
  const { body } = await call(url, { body: textToVideo() });

  clock.nowMs += 23 * 3600 * 1000;
  const reply = await call(`${url}/${String(body['id'])}`);

  expect(reply.body).toMatchObject({ status: 'running', progress: 0 });
});

test('a slow create has its task before its reply', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const begunAtMs = performance.now();

  const reply = await call(url, { body: textToVideo({ prompt: '[sim:slow=40]' }) });

  expect(reply.status).toBe(202);
  expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(35);
});

test('[sim:429] refuses a prompt once', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const body = textToVideo({ prompt: '[sim:429]' });

  const replies = [await call(url, { body }), await call(url, { body })];

  expect(replies.map((reply) => reply.status)).toEqual([429, 202]);
});

test.each([
  [{ not: 'a list' }, 'fault rules must be a JSON list'],
  [[{ operation: 'fetch' }], 'rule 0: operation must be one of create, read, list, cancel, file'],
  [[{ operation: 'read', fault: { kind: 'slow' } }], 'rule 0: fault.ms must be a number'],
  [
    [{ operation: 'create', fault: { kind: 'accept_late', ms: 5 } }],
    'rule 0: fault.delayMs must be a number',
  ],
])('rules that cannot be meant are refused with the reason', async (rules, error) => {
  const { simulator } = await start();

  const reply = await call(`${simulator.url}/admin/faults`, { body: rules });

  expect(reply).toMatchObject({ status: 400, body: { error } });
});
