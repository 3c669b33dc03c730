import { until } from '../installation/until.ts';
import type { LineFault } from './faulty-line.ts';
import { openFaultyLine } from './faulty-line.ts';
import { judge } from './judge.ts';
import { play } from './play.ts';
import type { Case } from './submit-all.ts';
import { held, submitAll, SUBMITTED_AGAIN, take } from './submit-all.ts';
import type { WorldOptions } from './world.ts';
import { inWorld } from './world.ts';

describe('a line that breaks', () => {
  const FAULTS: Readonly<Record<string, LineFault>> = {
    'reset-at-once': { kind: 'reset_at_once' },
    'reset-after-request': { kind: 'reset_after_request' },
    silence: { kind: 'silence' },
    drip: { kind: 'drip', everyMs: 100 },
    'cut-in-the-head': { kind: 'cut', after: /^HTTP\/1\.1 2/ },
    'cut-in-the-id': { kind: 'cut', after: /"id":"task_[^"]{8}/ },
    'cut-after-the-id': { kind: 'cut', after: /"id":"[^"]+",/ },
  };
  let cases: ReadonlyMap<string, Case>;

  beforeAll(async () => {
    const line = await openFaultyLine(Object.values(FAULTS));
    const options: WorldOptions = { toBaseUrl: (url) => line.inFrontOf(url), timeoutMs: 1_500 };
    await inWorld(options, async (world) => {
      cases = await submitAll(world, Object.keys(FAULTS));
    });
    await line.close();
  });

  it('F7 reset before it has read the request: nothing was bought, and nothing is assumed', () => {
    const { verdict, outcome } = take(cases, 'reset-at-once');

    expect(['rejected', 'unknown']).toContain(outcome.outcome);
    expect(verdict).toEqual(outcome.outcome === 'rejected' ? SUBMITTED_AGAIN : held(0));
  });

  it.each([
    ['F7 reset after the request', 'reset-after-request'],
    ['F7 no answer before the deadline', 'silence'],
    ['F7 an answer byte by byte, past the deadline', 'drip'],
    ['F7 a head that is cut', 'cut-in-the-head'],
    ['F8 a body that is cut inside the id', 'cut-in-the-id'],
  ])('%s: held, nothing is sent again', (_, name) => {
    const { outcome, verdict } = take(cases, name);

    expect(outcome.outcome).toBe('unknown');
    expect(verdict).toEqual(held(1));
  });

  it('F8 a body that is cut after the id: unknown, and salvaged by reconcile', () => {
    const { outcome, verdict, row } = take(cases, 'cut-after-the-id');

    expect(outcome.outcome).toBe('unknown');
    expect(row.evidence?.body).toContain('task_');
    expect(verdict).toEqual({ creates: 1, states: ['accepted'], violations: [] });
  });

  it('F7 a POST that is accepted long after its deadline: found in the list, one create', () =>
    inWorld({ provider: 'nexusflow', exclusive: true, timeoutMs: 1_000 }, async (world) => {
      const fault = { kind: 'accept_late', delayMs: 2_000 } as const;
      world.simulator.addFaults([{ operation: 'create', fault }]);
      const { first, outcome } = await play(world);
      await until('the late create', () => world.creates().length === 1);
      const later = await world.later((worker) => worker.reconcile(1));

      expect(first.signal).toBeNull();
      expect(outcome.outcome).toBe('unknown');
      expect(later.outcome).toBe('accepted');
      expect(await judge(world)).toEqual({ creates: 1, states: ['accepted'], violations: [] });
    }));
});

describe('a server that is not there', () => {
  it.each<[string, (simulated: string) => string]>([
    ['F7 connection refused', () => 'http://127.0.0.1:1/rixapi'],
    ['F7 a name that does not resolve', () => 'http://no-such-host.invalid/rixapi'],
    ['F7 no TLS where TLS is expected', (simulated) => simulated.replace('http:', 'https:')],
  ])('%s: proved not sent, nothing was bought', (_, toBaseUrl) =>
    inWorld({ toBaseUrl }, async (world) => {
      const { outcome } = await play(world);

      expect(outcome).toMatchObject({
        outcome: 'rejected',
        error: { code: 'provider.unavailable', details: { reason: 'not_sent' } },
      });
      expect(await judge(world)).toEqual({
        creates: 0,
        states: ['rejected', 'rejected'],
        violations: [],
      });
    }),
  );
});
