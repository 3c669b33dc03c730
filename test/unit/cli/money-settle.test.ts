import type { Ledger } from '../../../src/core/ledger.ts';
import { linesOf, MoneyLedger, toQuote } from './money-ledger.ts';

let here: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger();
});

afterEach(async () => {
  await here.close();
});

async function bookOf(ledger: Ledger, jobId: string): Promise<readonly string[]> {
  const entries = await ledger.entries(jobId);
  return entries.map(({ number, kind, micros }) => `${number} ${kind} ${micros}`).sort();
}

/** The first submission is given up for the second, and both expired unseen. */
async function bookTwoUnknown(jobId: string): Promise<Ledger> {
  const ledger = await here.open();
  await here.book(jobId, { end: 'unknown' });
  const decision = { id: 'd', author: 'mona', reason: 'again' };
  const [job] = await ledger.jobs({ jobIds: [jobId] });
  if (job?.input === undefined || job.input === null) throw new Error('the job is not there');
  const request = { ...job, input: job.input, quote: toQuote({ micros: '700000' }), places: 9 };
  const at = '2026-06-02T10:00:00.000Z';
  const end = { cost: null, error: null, hold: null, startedAt: at, finishedAt: at };
  const facts = { taskId: null, submissions: 1, polls: 0, artifacts: [], ...end };
  const { account, provider, model } = job;
  await ledger.closeJob(
    jobId,
    { jobId, account, provider, model, status: 'expired', ...facts },
    at,
  );
  await ledger.openJob({ ...request, number: 2, rerun: decision, at });
  const second = { jobId, number: 2 };
  const armed = { armingId: 'a', worker: 'w', keyId: 'k', deadlineAt: at, newestKnownTaskId: null };
  await ledger.arm(second, { ...armed, at });
  await ledger.recordOutcome(second, { outcome: 'unknown', evidence: { reason: 'cut' } }, at);
  const cost = { kind: 'unknown' as const, quote: request.quote, reason: 'abandoned' };
  await ledger.recordCost(second, cost, at);
  return ledger;
}

const REASON = ['--reason', 'line 14 of the bill'];

describe('pollux money settle', () => {
  it.each([
    ['0.5 USD', '500000'],
    ['0.000001 USD', '1'],
    ['12 USD', '12000000'],
    ['450001 micros', '450001'],
    ['0 USD', '0'],
  ])('charges %s as %s micros and shows before and after', async (amount, micros) => {
    await here.book('a', { end: 'unknown' });

    const line = ['money', 'settle', 'a', '--charged', amount, ...REASON, '--author', 'mona'];
    const { exitCode, out } = await here.run([...line, '--json']);

    expect(exitCode).toBe(0);
    expect(linesOf(out)).toMatchObject([
      {
        jobId: 'a',
        number: 1,
        before: { micros: '450000', currency: 'USD', state: 'unknown' },
        after: { micros, currency: 'USD', state: 'charged' },
      },
    ]);
    const ledger = await here.open();
    expect(await bookOf(ledger, 'a')).toContain(`1 charge ${micros}`);
    expect(await ledger.decisions('a')).toMatchObject([
      { kind: 'settle', author: 'mona', reason: 'line 14 of the bill' },
    ]);
  });

  it('releases what was not billed', async () => {
    await here.book('a', { end: 'unknown' });

    const { exitCode, out } = await here.run(['money', 'settle', 'a', '--not-billed', ...REASON]);

    expect(exitCode).toBe(0);
    expect(out).toMatch(/^before {2}0\.45 USD, unknown\nafter {3}\S+ USD, released\n$/);
    expect(await bookOf(await here.open(), 'a')).toContain('1 release 0');
  });

  it.each([
    [['--charged', '0.45 CNY', ...REASON], 'is in USD, not in CNY'],
    [['--charged', '0.45', ...REASON], 'It must be an amount with its currency'],
    [['--charged', '-1 USD', ...REASON], 'It must be an amount with its currency'],
    [['--charged', '1e3 USD', ...REASON], 'It must be an amount with its currency'],
    [['--charged', '0.1234567 USD', ...REASON], 'at most six decimals'],
    [['--charged', '0.45 USD', '--not-billed', ...REASON], 'cannot be used with'],
    [['--charged', '0.45 USD'], "required option '--reason <text>'"],
    [['--charged', '0.45 USD', '--reason', ' '], 'It must say why'],
    [REASON, 'one of --charged <amount> and --not-billed must be given'],
    [
      ['--not-billed', '--number', '7', ...REASON],
      'unknown is the money of: --number 1 (0.45 USD)',
    ],
  ])('refuses %s and books nothing', async (flags, message) => {
    await here.book('a', { end: 'unknown' });

    const { exitCode, out, err } = await here.run(['money', 'settle', 'a', ...flags]);

    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(await bookOf(await here.open(), 'a')).toEqual(['1 reserve 450000', '1 unknown 450000']);
  });

  it.each([undefined, 'charge', 'release'] as const)(
    'refuses money that is not unknown: %s',
    async (end) => {
      await here.book('a', end === undefined ? {} : { end });

      const { exitCode, err } = await here.run(['money', 'settle', 'a', '--not-billed', ...REASON]);

      expect(exitCode).toBe(2);
      expect(err).toContain('is not unknown, so there is nothing to settle');
    },
  );

  it('settles once', async () => {
    await here.book('a', { end: 'unknown' });
    await here.run(['money', 'settle', 'a', '--charged', '0.40 USD', ...REASON]);

    const again = await here.run(['money', 'settle', 'a', '--charged', '0.40 USD', ...REASON]);

    expect(again.exitCode).toBe(2);
    expect(await (await here.open()).decisions('a')).toHaveLength(1);
  });

  it('asks which of several submissions is meant, until one is left', async () => {
    const ledger = await bookTwoUnknown('a');

    const which = await here.run(['money', 'settle', 'a', '--not-billed', ...REASON]);
    const second = ['--number', '2', '--charged', '0.70 USD'];
    const settled = await here.run(['money', 'settle', 'a', ...second, ...REASON]);
    const halfway = await bookOf(ledger, 'a');
    const left = await here.run(['money', 'settle', 'a', '--not-billed', ...REASON]);

    expect(which.exitCode).toBe(2);
    expect(which.err).toContain('choose one: --number 1 (0.45 USD), --number 2 (0.70 USD)');
    expect(settled.exitCode).toBe(0);
    expect(halfway.filter((entry) => /charge|release/.test(entry))).toEqual(['2 charge 700000']);
    expect(left.exitCode).toBe(0);
    expect(await bookOf(ledger, 'a')).toContain('1 release 0');
  });
});
