import { hideSecrets, toShownText, toShownUrl } from '../../../src/providers/redaction.ts';

describe('a text that leaves an adapter', () => {
  it('holds no known secret, however often it is echoed', () => {
    expect(hideSecrets('a k.+1 b k.+1', ['k.+1'])).toBe('a [secret] b [secret]');
  });

  it.each(['Authorization: Bearer abc.def-1', 'bearer   tok', 'key sk-air-0123456789 was refused'])(
    'holds nothing that looks like a credential: %s',
    (text) => {
      expect(hideSecrets(text, [])).toContain('[secret]');
      expect(hideSecrets(text, [])).not.toMatch(/abc\.def|tok\b|0123456789/);
    },
  );

  it('holds no part of a prompt that is echoed', () => {
    const prompt = 'A quiet harbour at dawn';

    expect(toShownText('near "quiet harbour at…"', [prompt])).toBe('near "[private]…"');
  });

  it('is shown soon, however long it is', () => {
    const startedAt = performance.now();

    toShownText('no such text '.repeat(100_000), ['harbour '.repeat(1_000)]);

    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('is unharmed by an empty secret', () => {
    expect(hideSecrets('plain', [''])).toBe('plain');
  });

  it('shows a URL without its query, fragment and user', () => {
    const text = 'see https://user:pw@cdn.example.com/a.mp4?Signature=abc#x for more';

    expect(toShownText(text, [])).toBe('see https://cdn.example.com/a.mp4 for more');
    expect(toShownUrl(new URL('https://cdn.example.com/a.mp4?Signature=abc'))).toBe(
      'https://cdn.example.com/a.mp4',
    );
  });

  it('is one line of bounded length', () => {
    const shown = toShownText(`first\r\nsecond\u0000\u2028third ${'x'.repeat(1000)}`, []);

    expect(shown).toMatch(/^first second third x+…$/);
    expect(shown.length).toBe(301);
  });
});
