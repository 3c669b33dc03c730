import { call, start, textToVideo } from './running-simulator.ts';

async function finishedVideo(options: { urlLifeMs?: number } = {}): Promise<{
  url: string;
  clock: { nowMs: number };
  simulator: Awaited<ReturnType<typeof start>>['simulator'];
}> {
  const { simulator, clock } = await start(options);
  const { body } = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, { body: textToVideo() });
  clock.nowMs += 150_000;
  return { url: `${simulator.url}/files/${String(body['id'])}-0.mp4`, clock, simulator };
}

test('a result is served whole, with length, type and a stable ETag', async () => {
  const { url } = await finishedVideo();

  const [first, second] = [await fetch(url), await fetch(url)];
  const bytes = Buffer.from(await first.arrayBuffer());

  expect(first.headers.get('content-type')).toBe('video/mp4');
  expect(first.headers.get('content-length')).toBe(String(bytes.length));
  expect(first.headers.get('etag')).toBe(second.headers.get('etag'));
  await second.arrayBuffer();
});

test.each([
  ['bytes=0-9', 206, 0, 10],
  ['bytes=100-', 206, 100, undefined],
  ['bytes=-10', 206, -10, undefined],
  ['bytes=99999999-', 416, 0, 0],
  ['bytes=5-1', 200, 0, undefined],
])('range %s is answered with %i', async (range, status, from, to) => {
  const { url } = await finishedVideo();
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());

  const reply = await fetch(url, { headers: { range } });

  expect(reply.status).toBe(status);
  expect(Buffer.from(await reply.arrayBuffer()).equals(whole.subarray(from, to))).toBe(true);
});

test('a result is there only between the end of its task and the end of its URL', async () => {
  const { url, clock } = await finishedVideo({ urlLifeMs: 1_000 });

  const during = await fetch(url, { method: 'HEAD' });
  clock.nowMs += 1_000;
  const after = await fetch(url, { method: 'HEAD' });

  expect([during.status, after.status]).toEqual([200, 404]);
});

test('an unfinished task has no file', async () => {
  const { simulator } = await start();
  const { body } = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, { body: textToVideo() });

  const reply = await fetch(`${simulator.url}/files/${String(body['id'])}-0.mp4`);

  expect(reply.status).toBe(404);
});

test('a truncated file promises its whole length and breaks off', async () => {
  const { url, simulator } = await finishedVideo();
  simulator.addFaults([{ operation: 'file', fault: { kind: 'truncate', bytes: 1000 } }]);

  const broken = await fetch(url);

  expect(Number(broken.headers.get('content-length'))).toBeGreaterThan(1000);
  await expect(broken.arrayBuffer()).rejects.toThrow();
});
