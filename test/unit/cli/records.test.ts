import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDestination, copyArtifacts } from '../../../src/cli/copy-artifacts.ts';
import { readRecordedState } from '../../../src/cli/recorded-state.ts';
import type { ArtifactStore } from '../../../src/core/artifact-store.ts';
import type { Artifact } from '../../../src/core/job.ts';
import { createSqlLedger } from '../../../src/ledger/sql.ts';
import { createArtifactStore } from '../../../src/storage/index.ts';

const AT = '2026-11-21T10:00:00.000Z';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-records-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a job that Temporal does not know', () => {
  it('is shown from the ledger with its reserved money, or not at all', async () => {
    const ledger = await createSqlLedger({ url: `sqlite:${join(folder, 'ledger.db')}` });
    try {
      await ledger.openJob({
        jobId: 'shot-1',
        number: 1,
        requestHash: 'a'.repeat(64),
        tenant: null,
        batch: null,
        account: 'nexusflow',
        provider: 'nexusflow',
        realm: 'nexusflow',
        model: 'wan2.6-t2v',
        quote: {
          currency: 'USD',
          micros: '450000',
          basis: '5 s',
          priceSource: 'page',
          estimated: false,
        },
        places: 5,
        input: { request: { model: 'nexusflow/wan2.6-t2v', prompt: 'a lighthouse' } },
        at: AT,
      });

      expect(await readRecordedState(ledger, 'shot-1')).toMatchObject({
        jobId: 'shot-1',
        status: 'submitting',
        account: 'nexusflow',
        model: 'wan2.6-t2v',
        submissions: 1,
        cost: { currency: 'USD', micros: '450000', state: 'reserved' },
        startedAt: AT,
        finishedAt: null,
      });
      expect(await readRecordedState(ledger, 'nobody')).toBeUndefined();
    } finally {
      await ledger.close();
    }
  });
});

describe('copies of artifacts', () => {
  async function publish(store: ArtifactStore, index: number, text: string): Promise<Artifact> {
    const key = `jobs/shot-1/1/${String(index)}.mp4`;
    const temporary = await store.openTemporary(key);
    await temporary.write(Buffer.from(text));
    await temporary.finish();
    const stored = await store.publish(temporary, key);
    const media = { mediaType: 'video/mp4', width: null, height: null, durationSeconds: null };
    return { index, ...stored, ...media };
  }

  it('go to the file that was named, or into the folder where there are several', async () => {
    const store = createArtifactStore(`file:${join(folder, 'store')}`);
    const first = await publish(store, 0, 'first');
    const second = await publish(store, 1, 'second');

    const file = await copyArtifacts(
      store,
      { jobId: 'b/shot-1', artifacts: [first] },
      join(folder, 'out.mp4'),
    );
    const files = await copyArtifacts(
      store,
      { jobId: 'b/shot-1', artifacts: [first, second] },
      join(folder, 'both'),
    );

    expect(readFileSync(file[0]!, 'utf8')).toBe('first');
    expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(['first', 'second']);
    expect(readdirSync(join(folder, 'both'))).toEqual(['b-shot-1-0.mp4', 'b-shot-1-1.mp4']);
  });

  it('that differ from what was recorded are refused and leave nothing behind', async () => {
    const store = createArtifactStore(`file:${join(folder, 'store')}`);
    const artifact = { ...(await publish(store, 0, 'bytes')), sha256: '0'.repeat(64) };

    const copying = copyArtifacts(
      store,
      { jobId: 'shot-1', artifacts: [artifact] },
      join(folder, 'copies', 'out.mp4'),
    );

    await expect(copying).rejects.toMatchObject({ code: 'storage.corrupt' });
    expect(readdirSync(join(folder, 'copies'))).toEqual([]);
  });

  it('to a place that does not exist are refused before anything is bought', () => {
    expect(() => checkDestination(join(folder, 'missing', 'out.mp4'))).toThrow(
      'its folder does not exist',
    );
    expect(() => checkDestination(join(folder, 'missing', '/'))).not.toThrow();
  });
});
