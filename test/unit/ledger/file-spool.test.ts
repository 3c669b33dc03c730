import { createSecretKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { JsonObject } from '../../../src/core/json.ts';
import type { Logger } from '../../../src/core/logger.ts';
import type { Sealer } from '../../../src/core/sealer.ts';
import { PLAIN } from '../../../src/core/sealer.ts';
import type { Spool, SpoolRecord } from '../../../src/core/spool.ts';
import { KeyRing } from '../../../src/encryption/key-ring.ts';
import { createSealer } from '../../../src/encryption/sealer.ts';
import { createFileSpool } from '../../../src/ledger/spool.ts';

const RECORD: SpoolRecord = {
  jobId: 'job-1',
  number: 2,
  outcome: { outcome: 'unknown', evidence: { reason: 'cut', body: '{"prompt":"a lighthouse"' } },
  worker: 'worker-1',
  at: '2026-11-21T12:00:00.000Z',
};

let folder: string;
let directory: string;
let errors: { message: string; file: unknown }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-spool-'));
  directory = join(folder, 'spool');
  errors = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const ignore = (): void => undefined;
const logger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (message, fields: JsonObject = {}) => errors.push({ message, file: fields['file'] }),
};

function openSpool(sealer: Sealer = PLAIN): Spool {
  return createFileSpool({ directory, sealer, logger });
}

const sealerWith = (...ids: readonly string[]): Sealer => {
  const keys = ids.map((id) => [id, createSecretKey(Buffer.alloc(32, id))] as const);
  return createSealer(() => new KeyRing(new Map(keys)));
};

async function recordsOf(spool: Spool): Promise<readonly SpoolRecord[]> {
  return (await spool.records()).map(({ record }) => record);
}

/** Leaves a file under a name that a record may have. */
async function plant(text: string): Promise<string> {
  await openSpool().append(RECORD);
  const name = readdirSync(directory).at(-1) ?? '';
  writeFileSync(join(directory, name), text);
  return name;
}

describe('a file spool', () => {
  it('keeps its folder and its records from other users', async () => {
    await openSpool().append(RECORD);

    const [name = ''] = readdirSync(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  it('names records so that they sort by their time', async () => {
    await openSpool().append(RECORD);

    expect(readdirSync(directory)).toEqual([
      expect.stringMatching(/^2\d{7}T\d{9}Z-000001-[0-9a-f-]{36}\.json$/),
    ]);
  });

  it('seals a record as a whole', async () => {
    const spool = openSpool(sealerWith('first'));
    await spool.append(RECORD);

    const [name = ''] = readdirSync(directory);
    const text = readFileSync(join(directory, name), 'utf8');
    expect(text).toMatch(/^sealed:v1:first:[A-Za-z0-9+/=]+$/);
    expect(await recordsOf(spool)).toEqual([RECORD]);
  });

  it.each([
    ['another key', sealerWith('second')],
    ['no key', sealerWith()],
  ])(
    'leaves a record to whoever has its key, and logs it once, where there is %s',
    async (_, sealer) => {
      await openSpool(sealerWith('first')).append(RECORD);
      const [name = ''] = readdirSync(directory);
      const other = openSpool(sealer);
      await openSpool().append({ ...RECORD, jobId: 'job-2' });

      expect((await recordsOf(other)).map(({ jobId }) => jobId)).toEqual(['job-2']);
      await other.records();

      expect(errors).toEqual([
        { message: expect.stringMatching(/key first/) as unknown, file: join(directory, name) },
      ]);
      expect(await recordsOf(openSpool(sealerWith('second', 'first')))).toHaveLength(2);
    },
  );

  it('reads neither temporaries nor what somebody else left', async () => {
    const spool = openSpool();
    await spool.append(RECORD);
    const [name = ''] = readdirSync(directory);
    for (const foreign of [`${name}.tmp`, `${name}.unreadable`, 'notes.json', '.hidden']) {
      writeFileSync(join(directory, foreign), '{');
    }

    expect(await recordsOf(spool)).toEqual([RECORD]);
    expect(errors).toEqual([]);
    expect(readdirSync(directory)).toHaveLength(5);
  });

  it('sets a damaged record aside once, and says where it is and what to do', async () => {
    const name = await plant(JSON.stringify(RECORD).slice(0, -1));
    const spools = [openSpool(), openSpool()];

    const found = await Promise.all(spools.map((spool) => spool.records()));
    await openSpool().records();

    expect(found).toEqual([[], []]);
    const file = join(directory, `${name}.unreadable`);
    expect(errors).toEqual([{ message: expect.stringContaining('adopt') as unknown, file }]);
    expect(readdirSync(directory)).toEqual([basename(file)]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', [RECORD]],
    ['no job', { ...RECORD, jobId: '../x' }],
    ['no number', { ...RECORD, number: 0 }],
    ['no outcome', { ...RECORD, outcome: { outcome: 'lost' } }],
    ['a task without an id', { ...RECORD, outcome: { outcome: 'accepted', taskId: '' } }],
    [
      'a reason that is none',
      { ...RECORD, outcome: { outcome: 'rejected', error: { code: 'x' } } },
    ],
    ['no evidence', { ...RECORD, outcome: { outcome: 'unknown' } }],
  ])('takes no record that names %s', async (_, value) => {
    await plant(JSON.stringify(value));

    expect(await openSpool().records()).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it('keeps members that another release added', async () => {
    const wider = { ...RECORD, colour: 'green', outcome: { ...RECORD.outcome, more: [1] } };
    await plant(JSON.stringify(wider));

    expect(await recordsOf(openSpool())).toEqual([wider]);
  });

  it('follows no link, and reads the others', async () => {
    const spool = openSpool();
    const name = await plant('');
    rmSync(join(directory, name));
    writeFileSync(join(folder, 'elsewhere'), JSON.stringify(RECORD));
    symlinkSync(join(folder, 'elsewhere'), join(directory, name));
    await spool.append(RECORD);

    expect(await recordsOf(spool)).toEqual([RECORD]);
    expect(errors).toMatchObject([{ file: join(directory, name) }]);
  });

  it.each(['', '.', '..', '../elsewhere', '/etc/passwd', 'notes.json'])(
    'removes nothing under the name %j, which no record has',
    async (name) => {
      await openSpool().append(RECORD);
      writeFileSync(join(folder, 'elsewhere'), '');

      await expect(openSpool().remove(name)).rejects.toMatchObject({ code: 'request.invalid' });
      expect(readdirSync(folder)).toEqual(['elsewhere', 'spool']);
      expect(readdirSync(directory)).toHaveLength(1);
    },
  );

  it('whose folder cannot be one takes nothing and reads nothing', async () => {
    writeFileSync(directory, 'a file');
    const spool = openSpool();

    const calls = [() => spool.append(RECORD), () => spool.records(), () => spool.probe()];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({
        code: 'storage.unavailable',
        message: expect.stringContaining(directory) as unknown,
      });
    }
  });
});
