import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import type { JobResult } from '../../src/core/job.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { measureFile } from '../installation/stored-file.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: { brief: { provider: 'nexusflow', timing: { urlLifeSeconds: 5 } } },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

async function run(
  account: string,
  prompt: string,
  rule: Pick<FaultRule, 'fault' | 'times'>,
): Promise<JobResult> {
  installation.simulator.addFaults([{ operation: 'file', match: prompt, ...rule }]);
  const request = { model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 };
  const job = await installation.client.start(request);
  return await job.result();
}

/** Everything that lies in the store and bears the job's name. */
async function filesOf({ jobId }: JobResult): Promise<readonly string[]> {
  const directory = join(installation.directory, 'artifacts');
  const below = await readdir(directory, { recursive: true, withFileTypes: true });
  return below
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(jobId));
}

const PASSING: readonly (readonly [string, FaultRule['fault']])[] = [
  ['breaks off', { kind: 'truncate', bytes: 500 }],
  ['is a page instead of a video', { kind: 'html' }],
  ['is not there yet', { kind: 'not_found' }],
  ['fails at its server', { kind: 'status', status: 503 }],
];

const LASTING: readonly (readonly [string, string, FaultRule['fault'], object])[] = [
  [
    'is never the promised video',
    'nexusflow',
    { kind: 'html' },
    { status: 'failed', error: { code: 'provider.output_invalid' } },
  ],
  [
    'is gone',
    'nexusflow',
    { kind: 'not_found' },
    { status: 'expired', error: { code: 'provider.output_expired' } },
  ],
  [
    'breaks off until its address dies',
    'brief',
    { kind: 'truncate', bytes: 500 },
    { status: 'expired', error: { code: 'provider.output_expired' } },
  ],
];

describe('a result', () => {
  it.each(PASSING)('that %s is fetched again, and nothing is bought again', async (what, fault) => {
    const prompt = `a file that once ${what}`;

    const result = await run('nexusflow', prompt, { fault });

    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    const [artifact] = result.artifacts;
    expect(await measureFile(artifact!)).toEqual({
      sizeBytes: artifact?.sizeBytes,
      sha256: artifact?.sha256,
    });
    expect((await filesOf(result)).map((path) => basename(path)).sort()).toEqual([
      '0.mp4',
      'job.json',
    ]);
    expect(installation.creates(prompt)).toHaveLength(1);
  });

  it.each(LASTING)(
    'that %s is never published; what the provider billed stays booked',
    async (what, account, fault, end) => {
      const prompt = `a file that for ever ${what}`;

      const result = await run(account, prompt, { fault, times: 1_000 });

      expect(result).toMatchObject({
        ...end,
        submissions: 1,
        artifacts: [],
        cost: { micros: '270000', state: 'charged' },
      });
      expect(await filesOf(result)).toEqual([]);
      expect(installation.creates(prompt)).toHaveLength(1);
      const entries = await installation.ledger.entries(result.jobId);
      expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
    },
  );
});
