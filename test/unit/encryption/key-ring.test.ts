import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadKeyRing } from '../../../src/encryption/key-ring.ts';
import { ringOf, writeKey } from './keys.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-keys-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Uint8Array, mode = 0o600): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function problemOf(...keys: readonly { readonly id: string; readonly file: string }[]): string {
  try {
    loadKeyRing({ encryption: { keys } });
  } catch (error) {
    expect(error).toMatchObject({ code: 'config.invalid' });
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the ring was loaded');
}

describe('a key file', () => {
  const key = randomBytes(32);
  const text = Buffer.from('a harbour at dawn');

  it.each([
    ['64 hex characters', key.toString('hex')],
    ['64 hex characters in capitals and a new line', `${key.toString('hex').toUpperCase()}\n`],
    ['44 base64 characters', key.toString('base64')],
    ['44 base64 characters and a Windows new line', `${key.toString('base64')}\r\n`],
    ['43 base64 characters', key.toString('base64').slice(0, 43)],
    ['43 URL-safe base64 characters', key.toString('base64url')],
    ['32 raw bytes', key],
  ])('may hold its key as %s', (_form, content) => {
    const raw = ringOf({ id: 'k1', file: write('raw', key) });
    const ring = ringOf({ id: 'k1', file: write('k1', content) });

    const sealed = ring.seal(text, 'pollux-text:1')!;

    expect(raw.open('k1', sealed.bytes, 'pollux-text:1')).toEqual({ kind: 'opened', bytes: text });
  });

  it('keeps raw bytes that look like white space', () => {
    const file = write(
      'raw',
      Buffer.concat([Buffer.from('\n'), key.subarray(2), Buffer.from(' ')]),
    );

    expect(ringOf({ id: 'k1', file }).ids).toEqual(['k1']);
  });

  it.each([
    ['is empty', '', 'holds 0 bytes'],
    ['is cut short', key.toString('hex').slice(0, 60), 'holds 60 bytes'],
    ['holds a password', 'correct horse battery staple', 'holds 28 bytes'],
    ['holds 16 bytes in hex', randomBytes(16).toString('hex'), 'holds 16 bytes in hex'],
    ['holds two keys', `${key.toString('hex')}\n${key.toString('hex')}\n`, 'holds 130 bytes'],
  ])('that %s is refused with the way to make one, and never shown', (_what, content, expected) => {
    const file = write('k1', content);

    const problem = problemOf({ id: 'k1', file });

    expect(problem).toContain(`encryption.keys[0].file (${file}): ${expected}`);
    expect(problem).toContain(`openssl rand -hex 32 > ${file}`);
    expect(content === '' || !problem.includes(content.slice(0, 12))).toBe(true);
  });

  it.each(['604', '602', '644', '666', '777'])(
    'that every user may use (mode %s) is refused with what to do',
    (mode) => {
      const file = write('k1', key, parseInt(mode, 8));

      expect(problemOf({ id: 'k1', file })).toContain(`run chmod 600 ${file}`);
    },
  );

  it.each([0o400, 0o600, 0o640, 0o440])(
    'that owner or group may use (mode %o) is taken',
    (mode) => {
      expect(ringOf({ id: 'k1', file: write('k1', key, mode) }).ids).toEqual(['k1']);
    },
  );

  it('is judged by its own mode where a link leads to it', () => {
    const open = write('open', key, 0o644);
    symlinkSync(open, join(folder, 'link'));

    expect(problemOf({ id: 'k1', file: join(folder, 'link') })).toContain('mode 0644');
  });

  it('that is missing or a directory is named with all others in one message', () => {
    mkdirSync(join(folder, 'directory'), { mode: 0o700 });

    const problem = problemOf({ id: 'k1', file: join(folder, 'gone') }, writeKey(folder, 'k2'), {
      id: 'k3',
      file: join(folder, 'directory'),
    });

    expect(problem.split('\n')).toEqual([
      expect.stringContaining('encryption.keys[0].file'),
      expect.stringContaining('encryption.keys[2].file'),
    ]);
    expect(problem).toContain('does not exist');
    expect(problem).toContain('is a directory');
  });
});

describe('a key ring', () => {
  it('refuses an id that stands for two keys', () => {
    const first = writeKey(folder, 'k1');
    const second = { ...writeKey(folder, 'k2'), id: 'k1' };

    expect(problemOf(first, second)).toContain('encryption.keys[1].id (k1): is used twice');
  });

  it('prints ids at most', () => {
    const key = writeKey(folder, 'k1');
    const ring = ringOf(key);

    const printed = `${inspect(ring, { depth: 9, showHidden: true })} ${JSON.stringify(ring)}`;

    expect(ring.describe()).toContain('k1');
    expect(printed).not.toMatch(/[0-9a-f]{16}/);
  });

  it('never uses an IV twice', () => {
    const ring = ringOf(writeKey(folder, 'k1'));
    const ivs = Array.from({ length: 2_000 }, () =>
      Buffer.from(ring.seal(Buffer.from('x'), 'pollux-text:1')!.bytes.subarray(0, 12)).toString(
        'hex',
      ),
    );

    expect(new Set(ivs).size).toBe(ivs.length);
  });
});
