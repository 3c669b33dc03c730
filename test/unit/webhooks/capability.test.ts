import fc from 'fast-check';
import { ConfigError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { CallbackTarget } from '../../../src/core/callbacks.ts';
import { createCallbackUrls, createPathReader } from '../../../src/webhooks/capability.ts';

const OLD = 'an-old-secret-of-32-characters-xx';
const NEW = 'a-new-secret-of-32-characters-xxx';
const BASE = 'https://hooks.example.org/pollux';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
const TARGET: CallbackTarget = { account: 'gateway', jobId: 'night-7/shot_1.b', number: 3 };

const fixed = (text: string): Secret => new Secret(() => text);
const pathOf = (target: CallbackTarget, secret = OLD): string =>
  createCallbackUrls(BASE, fixed(secret))(target).slice(BASE.length);
const readerOf = (secret: string): ReturnType<typeof createPathReader> =>
  createPathReader(fixed(secret), () => 0);

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const id = fc.stringMatching(ID);
const targets = fc.record({
  account: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/),
  jobId: fc.oneof(
    id,
    fc.tuple(id, id).map(([batch, item]) => `${batch}/${item}`),
  ),
  number: fc.integer({ min: 1, max: 999_999 }),
});

describe('the URL of a callback', () => {
  it('stands for its submission, whatever its job is called', () => {
    const read = readerOf(OLD);

    fc.assert(
      fc.property(targets, (target) => {
        expect(read(pathOf(target))).toEqual(target);
      }),
    );
  });

  it('is made of characters that no proxy rewrites, and tells nothing of the secret', () => {
    const url = createCallbackUrls(`${BASE}/`, fixed(OLD))(TARGET);

    expect(url).toMatch(
      /^https:\/\/hooks\.example\.org\/pollux\/hooks\/gateway\/[\w-]+\/3\/[\w-]{8}\.[\w-]{24}$/,
    );
    expect(Buffer.from(url.split('.').at(-1) ?? '', 'base64url')).toHaveLength(18);
    expect(url).not.toContain(OLD.slice(0, 8));
  });

  it('is refused with any one character altered, added or left out', () => {
    const path = pathOf(TARGET);
    const read = readerOf(OLD);
    const others = Array.from(`${BASE64URL}./%`);

    for (let index = 0; index < path.length; index += 1) {
      const [before, after] = [path.slice(0, index), path.slice(index + 1)];
      const altered = others.filter((other) => other !== path[index]);
      expect(read(before + after)).toBeUndefined();
      for (const other of altered) expect(read(before + other + after)).toBeUndefined();
      for (const other of others) expect(read(before + other + path.slice(index))).toBeUndefined();
    }
    expect(read(`${path}A`)).toBeUndefined();
  });

  it('is for its account, its job and its number only', () => {
    fc.assert(
      fc.property(targets, targets, (one, other) => {
        const [parts, foreign] = [pathOf(one).split('/'), pathOf(other).split('/')];
        const mixed = [...parts.slice(0, 5), foreign[5]].join('/');
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(readerOf(OLD)(mixed)).toEqual(isSame ? one : undefined);
      }),
    );
    const token = pathOf(TARGET).split('/')[5] ?? '';
    for (const change of [{ account: 'other' }, { jobId: 'night-7' }, { number: 2 }]) {
      const parts = pathOf({ ...TARGET, ...change }).split('/');
      expect(readerOf(OLD)([...parts.slice(0, 5), token].join('/'))).toBeUndefined();
    }
  });

  it.each([
    '/hooks/gateway/YQ/1',
    '/hooks/gateway/YQ/01/x',
    '/hooks//YQ/1/aaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaa',
    '/hooks/gateway/YQ/0/aaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaa',
    '/hooks/gateway/Li4/1/aaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaa',
    '/hooks/gateway/%59%51/1/aaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaa',
    '/',
    '',
  ])('is not %s', (path) => {
    expect(readerOf(OLD)(path)).toBeUndefined();
  });
});

describe('a secret that is being replaced', () => {
  it('verifies beside the new one, which signs', () => {
    const both = `${NEW}\n${OLD}\n`;
    const read = readerOf(both);

    expect(pathOf(TARGET, both)).toBe(pathOf(TARGET, NEW));
    expect(read(pathOf(TARGET, NEW))).toEqual(TARGET);
    expect(read(pathOf(TARGET, OLD))).toEqual(TARGET);
    expect(readerOf(NEW)(pathOf(TARGET, OLD))).toBeUndefined();
  });

  it('takes effect without a restart, and the known one goes on while it cannot be read', () => {
    let text = OLD;
    let now = 0;
    const secret = new Secret(() => text);
    const read = createPathReader(secret, () => now);
    const urls = createCallbackUrls(BASE, secret);
    text = 'short';
    now += 1_000;

    expect(read(pathOf(TARGET, OLD))).toEqual(TARGET);
    text = NEW;
    now += 1_000;

    expect(read(pathOf(TARGET, NEW))).toEqual(TARGET);
    expect(read(pathOf(TARGET, OLD))).toBeUndefined();
    expect(urls(TARGET)).toBe(BASE + pathOf(TARGET, NEW));
  });

  it.each([
    ['', 'is empty'],
    ['x'.repeat(31), 'a secret of 31 characters is too short, it must have at least 32'],
    [`${OLD}\nsecond`, 'a secret of 6 characters is too short'],
  ])('%j is refused with advice and without being repeated', (text, reason) => {
    for (const use of [() => createCallbackUrls(BASE, fixed(text)), () => readerOf(text)]) {
      expect(use).toThrow(ConfigError);
      expect(use).toThrow(reason);
      expect(use).toThrow(/openssl rand -hex 32/);
      expect(use).not.toThrow(/second|xxxx/);
    }
  });
});
