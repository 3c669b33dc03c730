import {
  array,
  assert,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check';
import type { Provider } from '../../../src/core/provider.ts';
import { toEvidence } from '../../../src/providers/evidence.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';
import { scanJson } from '../../../src/providers/json-scan.ts';
import { parseJson } from '../../../src/providers/lenient.ts';

const KEY = 'canary-0123456789';
const ID = 'task_0385dc79-5ff8-4d82';

const ADAPTERS = Object.entries(PROVIDERS).map(
  ([name, create]) =>
    [
      name,
      create({
        baseUrl: 'http://127.0.0.1:9',
        currency: 'USD',
        prices: new Map(),
        allowPrivateHosts: true,
      }),
    ] as const,
);

/** A body that is nearly a task: its id anywhere among members that may hold ids, too. */
const reply = tuple(
  dictionary(constantFrom('error', 'input', 'status', 'ID', 'i d', '__proto__'), jsonValue()),
  constantFrom(ID, 'two words', '', 17, null, { id: ID }, [ID]),
  dictionary(string(), oneof(jsonValue(), record({ id: constantFrom(ID, 'other') }))),
  integer({ min: 0, max: 2 }),
).map(([before, id, after, indent]) => ({
  id: after['id'] ?? id,
  text: JSON.stringify({ ...before, id, ...after }, null, indent),
}));

const fragment = constantFrom(
  ...['{', '}', '[', ']', ':', ',', ' ', '"id"', `"${ID}"`, '"other"', '"', '\\', 'null', '7', '-'],
);
const beginning = constantFrom(
  '',
  '{',
  '{"id"',
  `{"id":"${ID}"`,
  `{"a":{"id":"${ID}"},`,
  '[{',
  '\ufeff{',
);
const hostileText = tuple(beginning, array(fragment, { maxLength: 12 })).map(
  ([first, rest]) => first + rest.join(''),
);

function salvage(provider: Provider, body: string): string | undefined {
  return provider.salvage?.({ reason: 'cut', httpStatus: 202, body })?.taskId;
}

describe.each(ADAPTERS)('%s, of a reply that broke off,', (_, provider) => {
  it('reads the right id or none, wherever it was cut', () => {
    assert(
      property(reply, double({ min: 0, max: 1, noNaN: true }), ({ id, text }, share) => {
        const found = salvage(provider, text.slice(0, Math.round(share * text.length)));

        if (found !== undefined) expect(found).toBe(id);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads only what stands there as the one id, whatever stands there', () => {
    assert(
      property(hostileText, (text) => {
        const found = salvage(provider, text);

        if (found === undefined) return;
        expect(text).toMatch(/^\ufeff? *\{/);
        expect(text.replaceAll(' ', '')).toContain(`"id":${JSON.stringify(found)}`);
        const whole = parseJson(text);
        if (whole !== undefined) expect(whole).toHaveProperty('id', found);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['{"id":"task_ab', undefined],
    ['{"id":"task_ab"', 'task_ab'],
    ['{"id":"task_ab\\"', undefined],
    ['{"\\u0069d":"task_ab",', 'task_ab'],
    ['\ufeff{"id":"task_ab"}', 'task_ab'],
    ['{"id":"task_ab","note":NaN}', 'task_ab'],
    ['{"id":"task_ab"}<html>', 'task_ab'],
    ['{"id":"task_ab"}{"id":"task_cd"}', undefined],
    ['{"id":"task_ab","id":"task_cd"}', undefined],
    ['{"note":NaN,"id":"task_ab"}', undefined],
    ['{"error":{"id":"task_ab"}', undefined],
    ['{"input":{"id":"task_cd"},"id":"task_ab","st', 'task_ab'],
    ['{"id":"[secret]"', undefined],
    ['{"id":".."', undefined],
    ['', undefined],
  ])('reads %j as %j', (body, taskId) => {
    expect(salvage(provider, body)).toBe(taskId);
  });

  it('gives an operation that names the task and its address', () => {
    const found = provider.salvage?.({ reason: 'cut', httpStatus: 200, body: `{"id":"${ID}"` });

    expect(found?.operation).toEqual({ taskId: ID, baseUrl: 'http://127.0.0.1:9' });
  });
});

describe('the evidence of a reply', () => {
  const [[, provider]] = ADAPTERS as [(typeof ADAPTERS)[number]];
  const evidenceBody = (body: string, secrets: readonly string[]): string =>
    toEvidence('cut', { status: 200, headers: new Map(), body }, secrets).body ?? '';

  it('names the same task as the reply, whatever prompt is hidden in it', () => {
    const share = double({ min: 0, max: 1, noNaN: true });
    assert(
      property(reply, share, share, share, ({ text }, cut, from, length) => {
        const body = text.slice(0, Math.round(cut * text.length));
        const start = Math.floor(from * body.length);
        const prompt = body.slice(start, start + 9 + Math.round(length * body.length));
        const kept = salvage(provider, evidenceBody(body, [KEY, prompt]));

        expect(kept).toBe(salvage(provider, body));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a member', `{"id":"${ID}","input":{"prompt":"KEY"}}`],
    ['a name', `{"id":"${ID}","KEY":1}`],
    ['what is broken off', `{"id":"${ID}","prompt":"KEY and`],
    ['a page', '<html>KEY</html>'],
    ['the id', '{"id":"KEY","status":"queued"}'],
  ])('holds no key in %s', (_, text) => {
    const shown = evidenceBody(text.replace('KEY', KEY), [KEY]);

    expect(shown).not.toContain(KEY);
    expect(shown).toContain('[secret]');
  });

  it('hides a prompt however JSON spells it, and a number that is the key', () => {
    const prompt = 'she said "no"\nand left';
    const body = JSON.stringify({ id: ID, input: { prompt: `echo: ${prompt}` }, key: 123456789 });

    expect(JSON.parse(evidenceBody(body, ['123456789', prompt]))).toEqual({
      id: ID,
      input: { prompt: 'echo: [secret]' },
      key: '[secret]',
    });
  });

  it('keeps an id that looks like a credential, or like the prompt', () => {
    for (const id of ['sk-air-0123456789', 'a-lighthouse']) {
      const kept = evidenceBody(`{"id":"${id}"`, [KEY, 'a-lighthouse']);

      expect(salvage(provider, kept)).toBe(id);
    }
  });
});

describe('scanning a text as JSON', () => {
  it('reads all of what is JSON, and finds its strings', () => {
    assert(
      property(jsonValue(), integer({ min: 0, max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { tokens, end } = scanJson(text);
        const read = tokens.map(
          (token) => JSON.parse(text.slice(token.start, token.end)) as unknown,
        );

        expect(end).toBe(text.length);
        expect(read.map(String)).toEqual(
          tokens.map((token) => String(readAs(token.kind, token.text))),
        );
      }),
    );
  });

  it('stands any depth and any length', () => {
    expect(scanJson('['.repeat(200_000)).end).toBe(200_000);
    expect(scanJson(`"${'x\\"'.repeat(200_000)}`).end).toBe(0);
  });
});

function readAs(kind: string, text: string): unknown {
  return kind === 'other' ? JSON.parse(text) : text;
}
