import { call, start, textToVideo } from './running-simulator.ts';

function kindsOf(log: readonly { kind: string }[]): string[] {
  return log.map((entry) => entry.kind);
}

test('a dropped reply leaves one create in the log and a task that goes on', async () => {
  const { simulator, clock } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const body = textToVideo({ prompt: 'x [sim:drop-reply]' });

  await expect(call(url, { body })).rejects.toThrow();
  clock.nowMs += 150_000;

  expect(kindsOf(simulator.log())).toEqual(['create', 'reply_dropped', 'end']);
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
])('rules that cannot be meant are refused with the reason', async (rules, error) => {
  const { simulator } = await start();

  const reply = await call(`${simulator.url}/admin/faults`, { body: rules });

  expect(reply).toMatchObject({ status: 400, body: { error } });
});
