import type { AuditLine } from '../../src/maintenance/audit/invariant.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({ encryptionKeys: ['k1'] });
  await installation.startWorker();
}, 90_000);

afterAll(async () => {
  await installation.close();
});

describe('an audit of an installation that encrypts', () => {
  it('reads and replays what it has the key for, and finds no prompt where it must not be', async () => {
    const { client, pollux } = installation;
    const prompt = 'the marker prompt of an encrypted harbour';
    const request = { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
    const job = await client.start(request, { jobId: 'sealed' });
    await job.result();

    const audited = await pollux('audit', '--json');

    const { invariants } = JSON.parse(audited.stdout) as { invariants: readonly AuditLine[] };
    const lines = new Map(invariants.map((line) => [line.invariant, line]));
    expect(invariants.filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
    expect(lines.get('I7')?.note).toBeUndefined();
    expect(lines.get('I7')?.checked).toBeGreaterThan(3);
    expect(lines.get('I10')?.checked).toBe(1);
    expect(audited.exitCode).toBe(0);
  }, 60_000);
});
