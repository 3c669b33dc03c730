import { hideEchoes, hideEchoesIn, privateTextsOf } from '../../../src/core/echoes.ts';

const PROMPT = 'A quiet harbour at dawn, seen from "the old mill"';

describe('what a provider repeats of a request', () => {
  it.each([
    ['whole', `cannot render ${PROMPT}`, 'cannot render [private]'],
    ['cut', 'near "A quiet harbour at da…"', 'near "[private]…"'],
    ['in other case', 'CANNOT RENDER A QUIET HARBOUR', 'CANNOT RENDER [private]'],
    ['twice', 'quiet harbour at; harbour at dawn', '[private];[private]'],
    ['escaped once more', 'at dawn, seen from \\"the old mill\\"', '[private]\\[private]\\"'],
  ])('is hidden where it stands %s', (_how, text, shown) => {
    expect(hideEchoes(text, [PROMPT])).toBe(shown);
  });

  it('leaves words that anybody may say', () => {
    const text = 'the model is busy at dawn; try later';

    expect(hideEchoes(text, [PROMPT])).toBe(text);
    expect(hideEchoes(text, [])).toBe(text);
    expect(hideEchoes(text, [''])).toBe(text);
  });

  it('is hidden where a short text stands whole, and not inside of words', () => {
    expect(hideEchoes('"a cat" and concat, a catalogue', ['a cat'])).toBe(
      '"[private]" and concat, a catalogue',
    );
  });

  it('is hidden altogether where letters cannot be compared', () => {
    expect(hideEchoes('İ: A quiet harbour at dawn', [PROMPT])).toBe('[private]');
  });

  it('is hidden everywhere in an error, whose members stay', () => {
    const error = {
      code: 'request.invalid',
      details: { status: 400, words: [null, true, `no: ${PROMPT}`] },
    };

    expect(hideEchoesIn(error, [PROMPT])).toEqual({
      code: 'request.invalid',
      details: { status: 400, words: [null, true, 'no: [private]'] },
    });
  });

  it('is told from the request: prompts, queries of URLs and longer native fields', () => {
    const texts = privateTextsOf({
      model: 'gateway/kling-v2',
      prompt: PROMPT,
      negativePrompt: 'rain',
      imageUrls: ['https://media.example.org/a.png?X-Signature=abc', 'https://example.org/b.png'],
      extra: { mode: 'pro', input: { lines: ['a very long native text'], seed: 7 } },
    });

    expect(texts).toEqual([PROMPT, 'rain', 'X-Signature=abc', 'a very long native text']);
  });

  it('is found soon in long texts', () => {
    const startedAt = performance.now();

    hideEchoes('no such text anywhere '.repeat(20), ['harbour '.repeat(1_000), PROMPT]);

    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
