import type { Fault } from '../../simulator/index.ts';
import type { Case } from './submit-all.ts';
import { held, submitAll, SUBMITTED_AGAIN, take } from './submit-all.ts';
import { inWorld } from './world.ts';

/** One job per fault, each of whose create meets it. */
async function meetAll(
  faults: Readonly<Record<string, Fault>>,
): Promise<ReadonlyMap<string, Case>> {
  let cases: ReadonlyMap<string, Case> = new Map();
  await inWorld({}, async (world) => {
    world.simulator.addFaults(
      Object.values(faults).map((fault) => ({ operation: 'create', fault })),
    );
    cases = await submitAll(world, Object.keys(faults));
  });
  return cases;
}

describe('an answer that refuses', () => {
  const status = (code: number, headers: Record<string, string> = {}): Fault => ({
    kind: 'status',
    status: code,
    headers,
  });
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const FAULTS: Readonly<Record<string, Fault>> = {
    seconds: status(429, { 'retry-after': '7' }),
    date: status(429, { 'retry-after': inAMinute }),
    absurd: status(429, { 'retry-after': '99999999999' }),
    negative: status(429, { 'retry-after': '-5' }),
    words: status(429, { 'retry-after': 'soon' }),
    'out-of-credit': status(402),
    refused: status(400),
    overloaded: status(503, { 'retry-after': '2' }),
    'error-500': status(500),
    'error-502': status(502),
    'error-504': status(504),
    moved: status(307, { location: 'http://127.0.0.1:1/' }),
  };
  let cases: ReadonlyMap<string, Case>;

  beforeAll(async () => {
    cases = await meetAll(FAULTS);
  });

  it.each<[string, string, number | undefined]>([
    ['F6 429 with Retry-After in seconds', 'seconds', 7_000],
    ['F6 429 with an absurd Retry-After', 'absurd', 3_600_000],
    ['F6 429 with a negative Retry-After', 'negative', 0],
    ['F6 429 with words as Retry-After', 'words', undefined],
  ])('%s: nothing was bought, the next number is, after what was asked for', (_, name, asked) => {
    const { outcome, verdict } = take(cases, name);

    expect(outcome).toMatchObject({
      outcome: 'rejected',
      error: { code: 'provider.rate_limited' },
    });
    expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(asked);
    expect(verdict).toEqual(SUBMITTED_AGAIN);
  });

  it('F6 429 with a date as Retry-After: nothing was bought, the next number is, by then', () => {
    const { outcome, verdict } = take(cases, 'date');

    const askedMs = 'retryAfterMs' in outcome ? (outcome.retryAfterMs ?? 0) : 0;
    expect(askedMs).toBeGreaterThan(0);
    expect(askedMs).toBeLessThanOrEqual(60_000);
    expect(verdict).toEqual(SUBMITTED_AGAIN);
  });

  it('F6 402 is not the end: nothing was bought, the next number is', () => {
    const { outcome, verdict } = take(cases, 'out-of-credit');

    expect(outcome).toMatchObject({ error: { code: 'provider.out_of_credit' } });
    expect(verdict).toEqual(SUBMITTED_AGAIN);
  });

  it('F6 400 is the end: nothing was bought, and the money is released', () => {
    const { verdict } = take(cases, 'refused');

    expect(verdict).toEqual({ creates: 0, states: ['rejected'], violations: [] });
  });

  it.each([
    ['F6 503 from a provider that does not declare it', 'overloaded', 503],
    ['F6 500', 'error-500', 500],
    ['F6 502', 'error-502', 502],
    ['F6 504', 'error-504', 504],
    ['F6 a redirect', 'moved', 307],
  ])('%s proves nothing: held, nothing is sent again', (_, name, httpStatus) => {
    const { outcome, row, verdict } = take(cases, name);

    expect(outcome.outcome).toBe('unknown');
    expect(row.evidence?.httpStatus).toBe(httpStatus);
    expect(verdict).toEqual(held(0));
  });

  it('F6 503 is a refusal where the provider declares it: the next number is bought', () =>
    inWorld({ provider: 'nexusflow' }, async (world) => {
      world.simulator.addFaults([{ operation: 'create', fault: status(503) }]);
      const { outcome, verdict } = take(await submitAll(world, ['declared']), 'declared');

      expect(outcome.outcome).toBe('rejected');
      expect(verdict).toEqual(SUBMITTED_AGAIN);
    }));
});

describe('an answer that cannot be read', () => {
  const answers = (body: unknown): Fault => ({ kind: 'status', status: 200, body, accepted: true });
  const FAULTS: Readonly<Record<string, Fault>> = {
    page: { kind: 'html', accepted: true },
    text: answers('queued, thank you'),
    empty: answers(''),
    null: answers('null'),
    list: answers('[{"id":"task_1","status":"queued"}]'),
    'without-id': answers('{"status":"queued"}'),
    proto: answers('{"__proto__":{"id":"task_1","status":"queued"}}'),
    broken: answers('{"status":"queued",'),
    deep: answers(`{"a":${'['.repeat(200_000)}`),
    long: answers(`{"a":"${'x'.repeat(10_000_000)}"}`),
  };
  let cases: ReadonlyMap<string, Case>;

  beforeAll(async () => {
    cases = await meetAll(FAULTS);
  });

  it.each([
    ['F8 an HTML page', 'page', '<!doctype html>'],
    ['F8 a text that is no JSON', 'text', 'queued, thank you'],
    ['F8 an empty body', 'empty', ''],
    ['F8 null', 'null', 'null'],
    ['F8 a list instead of an object', 'list', '[{"id":'],
    ['F8 an object without id', 'without-id', '{"status":"queued"}'],
    ['F8 an id inside __proto__', 'proto', '{"__proto__":'],
    ['F8 JSON that breaks off', 'broken', '{"status":"queued",'],
    ['F8 200,000 lists inside each other', 'deep', '{"a":[[[['],
    ['F8 10 MB of JSON', 'long', '{"a":"xxxx'],
  ])('%s: held with the bytes as evidence, nothing is sent again', (_, name, beginning) => {
    const { outcome, row, verdict } = take(cases, name);

    expect(outcome.outcome).toBe('unknown');
    expect(row.evidence?.body?.startsWith(beginning) ?? beginning === '').toBe(true);
    expect(row.evidence?.body?.length ?? 0).toBeLessThanOrEqual(4_096);
    expect(verdict).toEqual(held(1));
  });
});
