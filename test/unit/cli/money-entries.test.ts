import { interruptedAtOnce, linesOf, MoneyLedger } from './money-ledger.ts';

let here: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger();
});

afterEach(async () => {
  await here.close();
});

describe('pollux money entries', () => {
  it('prints what was booked, oldest first, with whose money it is', async () => {
    await here.book('late', { tenant: 'acme', batch: 'b1', at: '2026-06-02T10:00:00.000Z' });
    await here.book('early', { micros: '700000', at: '2026-06-01T10:00:00.000Z' });

    const { exitCode, out } = await here.run(['money', 'entries', '--json']);

    expect(exitCode).toBe(0);
    expect(linesOf(out)).toMatchObject([
      { jobId: 'early', kind: 'reserve', micros: '700000', tenant: null, taskId: null },
      { jobId: 'late', kind: 'reserve', micros: '450000', tenant: 'acme', batch: 'b1' },
    ]);
  });

  it('prints the same of one job as of all', async () => {
    await here.book('a', { tenant: 'acme', end: 'charge' });
    await here.book('b', { end: 'unknown' });

    const all = linesOf((await here.run(['money', 'entries', '--json'])).out);
    const ofJob = linesOf((await here.run(['money', 'entries', '--job', 'a', '--json'])).out);

    const byKind = (one: Record<string, unknown>, other: Record<string, unknown>): number =>
      String(one['kind']).localeCompare(String(other['kind']));
    const expected = all.filter((entry) => entry['jobId'] === 'a');
    expect(expected).toHaveLength(2);
    expect([...ofJob].sort(byKind)).toEqual([...expected].sort(byKind));
  });

  it('writes more than a page as one CSV file with one header', async () => {
    for (let index = 0; index < 501; index += 1) await here.book(`job-${index}`);

    const { out } = await here.run(['money', 'entries', '--csv']);

    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(502);
    expect(lines.filter((line) => line.startsWith('at,'))).toHaveLength(1);
  });

  it.each(['=cmd|x', '+1', '-1', '@x', '\tx'])(
    'writes the job %j as text into CSV',
    async (job) => {
      await here.book(job, { tenant: job });

      const { out } = await here.run(['money', 'entries', '--csv']);

      const [, row] = out.split('\n');
      const cells = row?.split(',') ?? [];
      expect([cells[1], cells[8]]).toEqual([`'${job}`, `'${job}`]);
      expect(cells[6]).toBe('450000');
    },
  );

  it('ends at Ctrl-C', async () => {
    await here.book('a');

    const { exitCode, out } = await here.run(['money', 'entries'], {}, interruptedAtOnce);

    expect(exitCode).toBe(130);
    expect(out).toBe('');
  });
});

describe('pollux money discrepancies', () => {
  it('prints both sides, of one kind and one job where asked', async () => {
    await here.book('a', { end: 'unknown' });
    await here.book('b', { end: 'charge' });
    const ledger = await here.open();
    const facts = { note: '=1+1', stated: 5 };
    const differs = { jobId: 'b', number: 1, kind: 'duration_differs', facts };
    await ledger.recordDiscrepancy(differs, '2026-06-02T10:00:00.000Z');

    const all = await here.run(['money', 'discrepancies', '--json']);
    const kind = await here.run(['money', 'discrepancies', '--kind', 'duration_differs', '--json']);
    const csv = await here.run(['money', 'discrepancies', '--job', 'b', '--csv']);

    expect(linesOf(all.out).map((line) => line['kind'])).toEqual([
      'unproved_billing',
      'duration_differs',
    ]);
    expect(linesOf(kind.out)).toEqual([{ ...differs, at: '2026-06-02T10:00:00.000Z' }]);
    expect(csv.out.split('\n')[1]).toBe(
      '2026-06-02T10:00:00.000Z,b,1,duration_differs,"{""note"":""=1+1"",""stated"":5}"',
    );
  });
});
