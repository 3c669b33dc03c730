import {
  startSimulator,
  type RunningSimulator,
  type SimulatorOptions,
} from '../../../simulator/index.ts';

export const START_MS: number = Date.parse('2026-06-01T10:00:00.000Z');

export interface TestClock {
  nowMs: number;
}

export interface JsonReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const running: RunningSimulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

/** A simulator on a clock that stands still; video takes 150 s, images 20 s, a synchronous image no time. */
export async function start(
  options: SimulatorOptions = {},
): Promise<{ simulator: RunningSimulator; clock: TestClock }> {
  const clock: TestClock = { nowMs: START_MS };
  const simulator = await startSimulator({
    nowMs: () => clock.nowMs,
    durationsMs: { video: [150_000, 150_000], image: [20_000, 20_000], synchronous: [0, 0] },
    ...options,
  });
  running.push(simulator);
  return { simulator, clock };
}

export async function call(
  url: string,
  init: { method?: string; body?: unknown; key?: string; headers?: Record<string, string> } = {},
): Promise<JsonReply> {
  const reply = await fetch(url, {
    method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${init.key ?? 'sk-test'}`,
      'content-type': 'application/json',
      ...init.headers,
    },
    ...(init.body === undefined
      ? {}
      : { body: typeof init.body === 'string' ? init.body : JSON.stringify(init.body) }),
  });
  return {
    status: reply.status,
    headers: reply.headers,
    body: (await reply.json()) as Record<string, unknown>,
  };
}

/** The create of the documents' own example, with changes. */
export function textToVideo(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'wan2.6-t2v', prompt: 'City coastline at dusk', ...changes };
}

/** `expect.stringMatching` and `expect.any(Number)` without their `any`. */
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const anyNumber = (): unknown => expect.any(Number);
