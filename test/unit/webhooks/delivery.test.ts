import fc from 'fast-check';
import type { CallbackHint } from '../../../src/core/provider.ts';
import type { Deliver, VerifiedCallback } from '../../../src/webhooks/delivery.ts';
import { createDelivery } from '../../../src/webhooks/delivery.ts';
import type { StandingReceiver } from './standing-receiver.ts';
import { bodyOf, standUp } from './standing-receiver.ts';
import { until } from '../../installation/until.ts';

const AWAY = new Error('14 UNAVAILABLE');
let standing: StandingReceiver;

beforeEach(async () => {
  standing = await standUp({ limits: { signalTimeoutMs: 200, requestsPerSecond: 500 } });
});

afterEach(() => standing.receiver.close());

describe('a callback that cannot be delivered', () => {
  it('is answered 503 with the time to come back, and is no duplicate when it does', async () => {
    standing.notify = () => Promise.reject(AWAY);

    const response = await standing.post(standing.pathOf({}), bodyOf('completed'));
    standing.notify = async () => 'accepted';

    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await standing.send(bodyOf('completed'))).toBe(202);
    expect(standing.signals).toHaveLength(2);
    expect(standing.receiver.counts()).toMatchObject({ unavailable: 1, accepted: 1, duplicate: 0 });
  });

  it('is answered 503 where the server takes too long', async () => {
    standing.notify = () => new Promise(() => undefined);

    expect(await standing.send(bodyOf('completed'))).toBe(503);
  });

  it('is answered 202 where no workflow waits for it', async () => {
    standing.notify = async () => 'no_workflow';

    expect(await standing.send(bodyOf('completed'))).toBe(202);
    expect(standing.receiver.counts()).toMatchObject({ no_workflow: 1, accepted: 0 });
  });
});

describe('a callback that comes again', () => {
  it('wakes nobody for a minute, and wakes again after it', async () => {
    const statuses = [await standing.send(bodyOf('completed'))];
    standing.passMs(59_000);
    statuses.push(await standing.send(bodyOf('completed')));
    const others = [
      await standing.send(bodyOf('completed'), { number: 2 }),
      await standing.send(bodyOf('completed'), { jobId: 'job-2' }),
      await standing.send(bodyOf('failed')),
    ];
    standing.passMs(2_000);
    statuses.push(await standing.send(bodyOf('completed')));

    expect([...statuses, ...others]).toEqual([202, 202, 202, 202, 202, 202]);
    expect(
      standing.signals.filter(({ number, jobId }) => number === 1 && jobId === 'job-1'),
    ).toHaveLength(3);
    expect(standing.signals).toHaveLength(5);
  });

  it.each([
    [202, async (): Promise<'accepted'> => 'accepted'],
    [503, (): Promise<never> => Promise.reject(AWAY)],
  ])('while the first one is under way shares its fate: %i', async (status, end) => {
    let settle = (): void => undefined;
    standing.notify = () =>
      new Promise((resolve, reject) => {
        settle = () => void end().then(resolve, reject);
      });

    const first = standing.send(bodyOf('completed'));
    await until('the signal', () => standing.signals.length === 1);
    const others = Array.from({ length: 5 }, () => standing.send(bodyOf('completed')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    settle();

    expect(await Promise.all([first, ...others])).toEqual(Array(6).fill(status));
    expect(standing.signals).toHaveLength(1);
  });
});

describe('callbacks of one submission', () => {
  const different = (index: number): string => bodyOf('completed', `task_${String(index)}`);

  it('become ten signals at once and one more every half minute, so that no history grows without end', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 12; index += 1)
      statuses.push(await standing.send(different(index)));
    const limited = await standing.post(standing.pathOf({}), different(12));
    standing.passMs(30_000);
    const later = [await standing.send(different(13)), await standing.send(different(14))];

    expect(statuses).toEqual([...Array<number>(10).fill(202), 429, 429]);
    expect(limited.headers.get('retry-after')).toBe('30');
    expect(later).toEqual([202, 429]);
    expect(await standing.send(different(15), { number: 2 })).toBe(202);
    expect(standing.signals).toHaveLength(12);
  });

  it('that tell of progress leave room for the one that tells of the end', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 9; index += 1) {
      statuses.push(await standing.send(bodyOf('in_progress', `task_${String(index)}`)));
    }

    expect(statuses).toEqual([...Array<number>(7).fill(202), 429, 429]);
    expect(await standing.send(bodyOf('completed'))).toBe(202);
  });
});

describe('requests of one address', () => {
  it('are limited, forged ones too, and let in again when time has passed', async () => {
    const path = '/hooks/gateway/x';
    const statuses = new Set<number>();
    for (let index = 0; index < 500; index += 1) statuses.add((await standing.post(path)).status);

    const limited = await standing.post(standing.pathOf({}));
    standing.passMs(10);

    expect([...statuses]).toEqual([404]);
    expect(limited.status).toBe(429);
    expect(limited.headers.get('retry-after')).toBe('1');
    expect(await standing.send(bodyOf('completed'))).toBe(202);
  });
});

describe('[F16] callbacks in whatever order, repeated, early and late', () => {
  interface Step {
    readonly identity: string;
    readonly number: number;
    readonly passMs: number;
    readonly isAway: boolean;
  }

  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      identity: fc.constantFrom('queued', 'in_progress', 'completed', 'failed', 'forgotten'),
      number: fc.constantFrom(1, 2),
      passMs: fc.constantFrom(0, 0, 0, 1_000, 20_000, 61_000),
      isAway: fc.boolean(),
    }),
    { maxLength: 80 },
  );
  const hintOf = (identity: string): CallbackHint => ({
    taskId: 'task_1',
    ...(['queued', 'in_progress'].includes(identity) ? { isUnfinished: true } : {}),
  });

  it('give at most the signals that the limit allows, none twice in a minute, and lose none that was answered', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        let now = 0;
        let isAway = false;
        const sent: { readonly key: string; readonly at: number }[] = [];
        const deliver: Deliver = createDelivery({
          clock: () => now,
          signalTimeoutMs: 1_000,
          notify: async (jobId, { number }) => {
            if (isAway) throw AWAY;
            sent.push({ key: `${jobId} ${String(number)} ${current.identity}`, at: now });
            return 'accepted';
          },
        });
        let current: VerifiedCallback = { jobId: 'j', number: 1, identity: '', hint: undefined };
        for (const step of all) {
          now += step.passMs;
          isAway = step.isAway;
          current = { jobId: 'j', ...step, hint: hintOf(step.identity) };
          const before = sent.length;
          const { outcome } = await deliver(current);
          const key = `j ${String(step.number)} ${step.identity}`;
          const isKnown = sent.some((one) => one.key === key && now - one.at < 60_000);

          expect(outcome === 'accepted' || outcome === 'duplicate' ? isKnown : true).toBe(true);
          expect(sent.length - before).toBe(outcome === 'accepted' ? 1 : 0);
        }
        for (const number of [1, 2]) {
          const own = sent.filter(({ key }) => key.startsWith(`j ${String(number)} `));
          expect(own.length).toBeLessThanOrEqual(10 + now / 30_000);
        }
        for (const [index, { key, at }] of sent.entries()) {
          const again = sent.slice(index + 1).find((other) => other.key === key);
          expect(again === undefined || again.at - at >= 60_000).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
