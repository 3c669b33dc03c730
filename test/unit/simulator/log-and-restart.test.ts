import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../../simulator/index.ts';
import { call, start, textLike, textToVideo } from './running-simulator.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pollux-simulator-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('a create is in the file before its reply is', async () => {
  const logFile = join(directory, 'log.jsonl');
  const { simulator } = await start({ logFile });

  const reply = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, { body: textToVideo() });

  const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { seq: 1, kind: 'create', taskId: reply.body['id'], bill: { micros: '450000' } },
  ]);
});

test('a simulator started again on its log knows its tasks, their ends and their bills', async () => {
  const logFile = join(directory, 'log.jsonl');
  const first = await start({ logFile });
  const base = first.simulator.baseUrls.nexusflow;
  const ended = await call(`${base}/v1/tasks`, { body: textToVideo() });
  first.clock.nowMs += 150_000;
  const endedBefore = await call(`${base}/v1/tasks/${String(ended.body['id'])}`);
  const open = await call(`${base}/v1/tasks`, { body: textToVideo() });
  await first.simulator.close();
  // What a kill in the middle of a write leaves behind.
  await appendFile(logFile, '{"seq":99,"kind":"cre');

  const second = await start({ logFile, seed: 77 });
  second.clock.nowMs = first.clock.nowMs + 150_000;
  const read = async (id: unknown): Promise<Record<string, unknown>> =>
    (await call(`${second.simulator.baseUrls.nexusflow}/v1/tasks/${String(id)}`)).body;

  expect(await read(open.body['id'])).toMatchObject({ status: 'succeeded' });
  expect(await read(ended.body['id'])).toEqual({
    ...endedBefore.body,
    output: { video_url: textLike(new RegExp(`^${second.simulator.url}/files/`)) },
  });
  const log = second.simulator.log();
  expect(log.filter((entry) => entry.kind === 'end')).toHaveLength(2);
  expect(log.map((entry) => entry.seq)).toEqual(log.map((_, index) => index + 1));
});

test('a task that was open at the restart ends by itself', async () => {
  const logFile = join(directory, 'log.jsonl');
  const first = await startSimulator({ logFile, durationsMs: { video: [30, 30] } });
  await call(`${first.baseUrls.nexusflow}/v1/tasks`, { body: textToVideo() });
  await first.close();

  await start({ logFile, nowMs: Date.now });
  const deadlineMs = Date.now() + 5_000;
  let text = '';
  while (!text.includes('"kind":"end"') && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    text = await readFile(logFile, 'utf8');
  }

  expect(text).toContain('"kind":"end"');
});

test('a port that is taken rejects with the error of the socket', async () => {
  const { simulator } = await start();

  await expect(startSimulator({ port: simulator.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('the admin side shows the log, sums bills per currency and ends tasks', async () => {
  const { simulator } = await start();
  const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
  const ids = [];
  for (let count = 0; count < 3; count += 1) {
    ids.push(String((await call(url, { body: textToVideo() })).body['id']));
  }

  await call(`${simulator.url}/admin/tasks/${ids[0]!}/finish`, { method: 'POST' });
  await call(`${simulator.url}/admin/tasks/${ids[1]!}/fail`, { method: 'POST' });
  const again = await call(`${simulator.url}/admin/tasks/${ids[1]!}/finish`, { method: 'POST' });
  const summary = await call(`${simulator.url}/admin/summary`);
  const log = await (await fetch(`${simulator.url}/admin/log?kind=create`)).text();

  expect(again.status).toBe(409);
  expect(summary.body).toEqual({
    creates: { nexusflow: 3, rixapi: 0, dieyuyun: 0 },
    refused: { nexusflow: 0, rixapi: 0, dieyuyun: 0 },
    billedMicros: { USD: '450000' },
    openTasks: [ids[2]],
  });
  expect(log.trim().split('\n')).toHaveLength(3);
});

test('the same seed gives the same durations, whatever the ids', async () => {
  const plans = async (seed: number): Promise<number[]> => {
    const { simulator } = await start({ seed, durationsMs: {}, speed: 10 });
    const url = `${simulator.baseUrls.nexusflow}/v1/tasks`;
    for (let count = 0; count < 5; count += 1) await call(url, { body: textToVideo() });
    return simulator.log().map(({ task }) => task!.plan.endsAtMs - task!.createdAtMs);
  };

  const [one, same, other] = [await plans(5), await plans(5), await plans(6)];

  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  expect(one.every((ms) => ms >= 6_000 && ms <= 30_000)).toBe(true);
});
