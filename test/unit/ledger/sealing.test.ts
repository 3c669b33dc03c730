import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { LedgerError } from '../../../src/core/errors.ts';
import type { JobResult } from '../../../src/core/job.ts';
import type { Ledger, StoredRow } from '../../../src/core/ledger.ts';
import type { Sealer } from '../../../src/core/sealer.ts';
import {
  accepted,
  armedJob,
  at,
  openRequest,
  rejected,
  result,
} from '../../contract/suites/ledger/ledger-under-test.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

const PREFIX = 'sealed:';
const IV_BYTES = 12;
const TAG_BYTES = 16;

function createSealer(key: Buffer = randomBytes(32)): Sealer {
  return {
    isSealing: true,
    seal: (text) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return PREFIX + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    open: (text) => {
      if (!text.startsWith(PREFIX)) return text;
      const bytes = Buffer.from(text.slice(PREFIX.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      try {
        const body = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new LedgerError('ledger.unavailable', 'no key opens this text', { cause });
      }
    },
  };
}

/** Stands where a prompt, a signed URL or a provider's words may come to lie. */
const MARKER = 'MARKER-7f3a';
/** How many {@link writeMarkers} leaves. */
const MARKERS = 14;

let place: TemporaryLedger;
beforeEach(() => {
  place = new TemporaryLedger();
});
afterEach(() => place.remove());

/** Leaves a marker in each text that comes from a caller or a provider. */
async function writeMarkers(ledger: Ledger): Promise<void> {
  const input = { request: { model: 'main/wan2.6-t2v', prompt: `${MARKER} prompt` } };
  const task = {
    ...accepted(),
    operation: { id: 'task-1', body: `${MARKER} operation` },
    snapshot: {
      status: 'succeeded',
      providerStatus: 'SUCCEEDED',
      outputs: [{ source: 'url', url: `https://cdn.example.org/${MARKER}`, kind: 'video' }],
    },
  } as const;
  const error = { ...rejected(false).error, message: `${MARKER} error` };
  const { taskId, operation, snapshot } = task;

  const replied = await armedJob(ledger, { jobId: 'replied', input });
  await ledger.recordOutcome(replied, task, at(2));
  const adopt = { taskId: 'task-2', operation, snapshot, keyId: 'env:KEY' };
  await ledger.openJob(openRequest({ jobId: 'adopting', input, adopt }));
  const refused = await armedJob(ledger, { jobId: 'refused', input });
  await ledger.recordOutcome(refused, { ...rejected(true), error }, at(2));
  const held = await armedJob(ledger, { jobId: 'held', input });
  const evidence = { reason: `${MARKER} reason`, httpStatus: 200, body: `${MARKER} body` };
  await ledger.recordOutcome(held, { outcome: 'unknown', evidence }, at(2));
  const adoption = { kind: 'adopt', taskId: `${taskId}-of-held`, operation, snapshot } as const;
  const decision = { id: 'd-1', author: 'ada', reason: 'seen in the console' };
  await ledger.resolveSubmission(held, adoption, decision, at(3));
  const end: JobResult = result({ jobId: 'refused', error });
  await ledger.closeJob('refused', end, at(4));
}

async function rowsOf(ledger: Ledger): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const row of ledger.rows()) rows.push(row);
  return rows;
}

/** Everything that can be read of the book. */
async function readBook(ledger: Ledger): Promise<unknown> {
  const jobs = await ledger.jobs({});
  return { jobs, submissions: await ledger.allSubmissions({}), orphans: await ledger.orphans() };
}

function readFiles(): Buffer {
  const files = ['', '-wal'].map((suffix) => place.path + suffix).filter(existsSync);
  return Buffer.concat(files.map((file) => readFileSync(file)));
}

describe('a ledger with a key', () => {
  it('stores no prompt, no URL and no words of a provider in clear', async () => {
    const ledger = await place.open({ sealer: createSealer() });
    await writeMarkers(ledger);

    const shown = (await rowsOf(ledger)).filter(({ text }) => text.includes(MARKER));
    expect(shown).toEqual([]);
    expect(readFiles().includes(MARKER)).toBe(false);
    expect(JSON.stringify(await readBook(ledger)).split(MARKER)).toHaveLength(MARKERS + 1);
  });

  it('reads back what it sealed', async () => {
    const plain = await place.open();
    await writeMarkers(plain);
    const other = new TemporaryLedger();
    try {
      const sealed = await other.open({ sealer: createSealer() });
      await writeMarkers(sealed);

      expect(await readBook(sealed)).toEqual(await readBook(plain));
    } finally {
      await other.remove();
    }
  });

  it('reads what was written before there was a key, and seals from then on', async () => {
    const before = await place.open();
    await armedJob(before, { jobId: 'old' });
    const [old] = await before.jobs({});
    await before.close();

    const after = await place.open({ sealer: createSealer() });
    await after.recordOutcome({ jobId: 'old', number: 1 }, accepted(), at(3));

    expect(await after.job('old')).toEqual(old);
    const [submission] = (await rowsOf(after)).filter(({ table }) => table === 'submissions');
    expect(submission?.text).toContain(`operation: ${PREFIX}`);
  });

  it('shows its rows sealed, as they are stored', async () => {
    const ledger = await place.open({ sealer: createSealer() });
    await ledger.openJob(openRequest());

    const [job] = (await rowsOf(ledger)).filter(({ table }) => table === 'jobs');

    expect(job?.text).toContain(`input: ${PREFIX}`);
  });
});

describe('a ledger whose key is gone', () => {
  it.each([
    ['without any key', {}],
    ['with another key', { sealer: createSealer() }],
  ])(
    'is ledger.unavailable, so that it is tried again, where a sealed text is read %s',
    async (_, options) => {
      const first = await place.open({ sealer: createSealer() });
      await writeMarkers(first);
      await first.close();

      const ledger = await place.open(options);

      await expect(ledger.job('replied')).rejects.toMatchObject({ code: 'ledger.unavailable' });
      await expect(ledger.submissions('replied')).rejects.not.toThrow(PREFIX);
    },
  );

  it('still books money and counts places', async () => {
    const first = await place.open({ sealer: createSealer() });
    await writeMarkers(first);
    await first.close();

    const ledger = await place.open();

    const cost = { kind: 'release', quote: openRequest().quote, reason: 'failed' } as const;
    await ledger.recordCost({ jobId: 'replied', number: 1 }, cost, at(9));
    expect(await ledger.placesTaken('main')).toBe(2);
  });
});
