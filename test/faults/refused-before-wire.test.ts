import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../src/cli/ports.ts';
import type { JobHandle } from '../../src/index.ts';
import type { AccountSettings } from '../installation/config-text.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { readHistory } from '../installation/workflow-of.ts';

const provider = 'nexusflow' as const;
const JOB_TIMEOUT_MS = 60_000;
const HOUR_SECONDS = 3_600;
/** Nobody may ever register a name below this one. */
const UNKNOWN_HOST = 'http://provider.invalid/nexusflow';

/** Accounts whose address is wrong in three ways. */
const WRONG = ['refused', 'unresolved', 'untrusted'] as const;

let installation: TestInstallation;

beforeAll(async () => {
  const plainPort = await findFreePort('127.0.0.1');
  const deadPort = await findFreePort('127.0.0.1');
  installation = await openInstallation({
    simulator: { port: plainPort },
    accounts: {
      refused: { provider, baseUrl: `http://127.0.0.1:${deadPort}/nexusflow` },
      unresolved: { provider, baseUrl: UNKNOWN_HOST },
      untrusted: { provider, baseUrl: `https://127.0.0.1:${plainPort}/nexusflow` },
    },
  });
}, 60_000);

afterAll(() => installation.close());

async function start(account: string, prompt: string, jobId: string): Promise<JobHandle> {
  const request = { model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 };
  return await installation.client.start(request, { jobId });
}

/** The configuration with every account's address set right, as an operator would write it. */
async function writeCorrected(): Promise<string> {
  const { configFile, directory, simulator } = installation;
  const document = JSON.parse(await readFile(configFile, 'utf8')) as {
    readonly accounts: Readonly<Record<string, AccountSettings>>;
  };
  const accounts: Record<string, AccountSettings> = { ...document.accounts };
  for (const name of WRONG) {
    accounts[name] = { ...accounts[name], baseUrl: simulator.baseUrls.nexusflow };
  }
  const path = join(directory, 'corrected.yaml');
  await writeFile(path, JSON.stringify({ ...document, accounts }));
  return path;
}

/** Seconds of the durable timers that the job has started, oldest first. */
async function timersOf(jobId: string): Promise<readonly number[]> {
  const events = await readHistory(installation, jobId);
  return events.flatMap(({ timerStartedEventAttributes: timer }) => {
    return timer == null ? [] : [Number(timer.startToFireTimeout?.seconds ?? 0)];
  });
}

describe('a create that does not reach the wire', () => {
  beforeAll(async () => {
    const worker = await installation.startWorker();
    for (const name of WRONG) await start(name, name, name);
    for (const name of WRONG) {
      await until(`two refusals of ${name}`, async () => {
        const rows = await installation.ledger.submissions(name);
        return rows.filter(({ state }) => state === 'rejected').length >= 2;
      });
    }
    await worker.kill();
    await installation.startWorker({}, await writeCorrected());
  }, 60_000);

  it.each([
    ['because the connection is refused', 'refused', /ECONNREFUSED/],
    ['because the name does not resolve', 'unresolved', /ENOTFOUND|EAI_AGAIN/],
    ['because the other end speaks no TLS', 'untrusted', /SSL|TLS|EPROTO/],
  ] as const)(
    '%s is repeated on durable timers until the account is corrected: one create [F7 2.3]',
    async (_why, account, cause) => {
      const result = await installation.client.job(account).result();

      expect(result).toMatchObject({ status: 'succeeded', cost: { state: 'charged' } });
      expect(installation.creates(account)).toHaveLength(1);
      expect(installation.refusals(account)).toEqual([]);
      const rows = await installation.ledger.submissions(account);
      const rejected = rows.slice(0, -1);
      expect(rejected.length).toBeGreaterThanOrEqual(2);
      for (const row of rejected) {
        expect(row).toMatchObject({
          state: 'rejected',
          error: { details: { reason: 'not_sent' } },
        });
        expect(row.error?.message).toMatch(cause);
      }
      expect((await timersOf(account)).length).toBeGreaterThanOrEqual(rejected.length);
    },
    JOB_TIMEOUT_MS,
  );
});

interface PassingRefusal {
  readonly what: string;
  readonly jobId: string;
  readonly retryAfter: () => string;
  /** When the create may come at the earliest, milliseconds since 1970. */
  readonly earliestMs: (header: string, refusedAtMs: number) => number;
}

/** Without a usable Retry-After it is the first backoff. */
const afterBackoff = (_header: string, refusedAtMs: number): number => refusedAtMs + 1_900;

const PASSING: readonly PassingRefusal[] = [
  {
    what: 'seconds',
    jobId: 'in-seconds',
    retryAfter: () => '3',
    earliestMs: (_header, refusedAtMs) => refusedAtMs + 3_000,
  },
  {
    what: 'an HTTP date',
    jobId: 'at-a-date',
    retryAfter: () => new Date(Date.now() + 6_000).toUTCString(),
    earliestMs: (header) => Date.parse(header),
  },
  {
    what: 'a negative number',
    jobId: 'in-the-past',
    retryAfter: () => '-30',
    earliestMs: afterBackoff,
  },
  {
    what: 'a date long past',
    jobId: 'long-ago',
    retryAfter: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
    earliestMs: afterBackoff,
  },
  { what: 'nonsense', jobId: 'nonsense', retryAfter: () => 'soon', earliestMs: afterBackoff },
];

describe('a create that the provider refuses for now', () => {
  const refuse = (prompt: string, status: number, retryAfter?: string): void => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    installation.simulator.addFaults([
      { operation: 'create', match: prompt, fault: { kind: 'status', status, headers } },
    ]);
  };

  it.concurrent.each(PASSING)(
    'with 429 and a Retry-After of $what is repeated no earlier, once: one create [F6]',
    async ({ jobId, retryAfter, earliestMs }) => {
      const header = retryAfter();
      refuse(jobId, 429, header);
      const job = await start('nexusflow', jobId, jobId);

      const result = await job.result();

      expect(result).toMatchObject({ status: 'succeeded', submissions: 2 });
      const [refusal] = installation.refusals(jobId);
      const [create, ...more] = installation.creates(jobId);
      expect(more).toEqual([]);
      const notBeforeMs = earliestMs(header, Date.parse(refusal?.at ?? ''));
      expect(Date.parse(create?.at ?? '')).toBeGreaterThanOrEqual(notBeforeMs);
      expect(await timersOf(jobId)).not.toEqual([]);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent.each([
    ['seconds', 'in-eternity', '99999999999999999999'],
    ['a date', 'at-doomsday', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ] as const)(
    'with 429 and an absurd Retry-After of %s waits an hour at most, and can be cancelled meanwhile [F6]',
    async (_what, jobId, retryAfter) => {
      refuse(jobId, 429, retryAfter);
      const job = await start('nexusflow', jobId, jobId);
      const timers = await until('the timer', async () => {
        const started = await timersOf(jobId);
        return started.length > 0 && started;
      });

      await job.cancel({ author: 'test', reason: 'an hour is too long' });

      expect(timers).toEqual([HOUR_SECONDS]);
      expect(await job.result()).toMatchObject({
        status: 'cancelled',
        cost: { state: 'released' },
      });
      expect(installation.creates(jobId)).toEqual([]);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'with the 503 of NexusFlow is repeated: one create [F6]',
    async () => {
      refuse('overloaded', 503);
      const job = await start('nexusflow', 'overloaded', 'overloaded');

      expect(await job.result()).toMatchObject({ status: 'succeeded', submissions: 2 });
      expect(installation.refusals('overloaded')).toHaveLength(1);
      expect(installation.creates('overloaded')).toHaveLength(1);
    },
    JOB_TIMEOUT_MS,
  );
});
