import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Sealer } from '../../../src/core/sealer.ts';
import { toFailure } from '../../../src/failures.ts';
import { createSealer } from '../../../src/encryption/sealer.ts';
import type { WrittenKey } from './keys.ts';
import { ringOf, writeKey } from './keys.ts';

const TEXT = '{"prompt":"a harbour at dawn"}';

let folder = '';
let k1: WrittenKey;
let k2: WrittenKey;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-sealer-'));
  k1 = writeKey(folder, 'k1');
  k2 = writeKey(folder, 'k2');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function sealerOf(...keys: readonly WrittenKey[]): Sealer {
  const ring = ringOf(...keys);
  return createSealer(() => ring);
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}

describe('the sealer', () => {
  it('opens every text that it sealed', () => {
    const sealer = sealerOf(k1);

    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(sealer.open(sealer.seal(text))).toBe(text);
      }),
    );
  });

  it('marks a sealed text with its version and its key, and shows nothing of it', () => {
    const sealed = sealerOf(k1).seal(TEXT);

    expect(sealed).toMatch(/^sealed:v1:k1:[A-Za-z0-9+/]+={0,2}$/);
    expect(Buffer.from(sealed.split(':')[3]!, 'base64').toString()).not.toContain('harbour');
  });

  it.each([TEXT, '', 'null', '[1]', '"sealed:v1:k1:AAAA"'])(
    'takes %p, which was never sealed, as it is',
    (text) => {
      expect(sealerOf(k1).open(text)).toBe(text);
      expect(sealerOf().open(text)).toBe(text);
    },
  );

  it('seals with the first key and opens with every one', () => {
    const older = sealerOf(k1).seal(TEXT);
    const rotated = sealerOf(k2, k1);

    expect(rotated.open(older)).toBe(TEXT);
    expect(rotated.seal(TEXT)).toMatch(/^sealed:v1:k2:/);
  });

  it('without keys seals nothing and says so', () => {
    expect(sealerOf().seal(TEXT)).toBe(TEXT);
    expect(sealerOf().isSealing).toBe(false);
    expect(sealerOf(k1).isSealing).toBe(true);
  });

  it.each([
    ['another ring', () => sealerOf(k2), (sealed: string) => sealed, /with key k1.*the keys k2/],
    ['an empty ring', () => sealerOf(), (sealed: string) => sealed, /encryption\.keys is empty/],
    ['a changed text', () => sealerOf(k1), (sealed: string) => swapEnd(sealed), /was changed/],
    ['a cut text', () => sealerOf(k1), (sealed: string) => sealed.slice(0, 30), /was changed/],
    [
      'another key id',
      () => sealerOf(k2),
      (text: string) => text.replace(':k1:', ':k2:'),
      /was changed/,
    ],
    [
      'a later version',
      () => sealerOf(k1),
      (text: string) => text.replace(':v1:', ':v2:'),
      /release/,
    ],
    ['a cut envelope', () => sealerOf(k1), () => 'sealed:v1:k1:', /release/],
  ])(
    'never returns a wrong text: %s is trouble that is retried',
    (_what, reader, change, reason) => {
      const sealed = change(sealerOf(k1).seal(TEXT));

      const error = errorOf(() => reader().open(sealed));

      expect(error).toMatchObject({ code: 'ledger.unavailable' });
      expect(error).toMatchObject({ message: expect.stringMatching(reason) as unknown });
      expect(toFailure(error, 'before')).toMatchObject({ nonRetryable: false });
      expect(toFailure(error, 'after')).toMatchObject({ nonRetryable: false });
    },
  );

  it('reads its keys when it is first used', () => {
    let reads = 0;
    const sealer = createSealer(() => {
      reads += 1;
      return ringOf(k1);
    });

    expect(reads).toBe(0);
    expect(sealer.open('plain')).toBe('plain');
    expect(reads).toBe(0);
    expect(sealer.isSealing).toBe(true);
    expect(reads).toBe(1);
  });
});

/** Another last character of the ciphertext. */
function swapEnd(sealed: string): string {
  const end = sealed.replace(/=*$/, '').length - 2;
  return sealed.slice(0, end) + (sealed[end] === 'A' ? 'B' : 'A') + sealed.slice(end + 1);
}
