import { readFileSync } from 'node:fs';
import { escapeXml, renderSvg, toAxis } from '../../../src/cli/plot-svg.ts';
import { MoneyLedger, toQuote } from './money-ledger.ts';
import type { XmlElement } from './parse-xml.ts';
import { findAll, parseXml, textOf } from './parse-xml.ts';

let here: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger();
});

afterEach(async () => {
  await here.close();
});

const NASTY = `</desc><script>alert("x")</script>&'\u0000]]>`;

async function plot(...flags: readonly string[]): Promise<XmlElement> {
  const { exitCode } = await here.run(['money', 'summary', '--plot', 'spend.svg', ...flags]);
  expect(exitCode).toBe(0);
  return parseXml(readFileSync(here.path('spend.svg'), 'utf8'));
}

function barsOf(panel: XmlElement | undefined): readonly string[] {
  if (panel === undefined) return [];
  return findAll(panel, 'title').map(textOf);
}

describe('pollux money summary --plot', () => {
  it('draws one panel per currency, each with its unit, its days and its amounts', async () => {
    await here.book('a', { end: 'charge', micros: '450000', at: '2026-06-01T10:00:00.000Z' });
    await here.book('b', { end: 'charge', micros: '700000', at: '2026-06-01T11:00:00.000Z' });
    await here.book('c', { end: 'charge', micros: '300000', at: '2026-06-03T10:00:00.000Z' });
    const yuan = { micros: '4500000', currency: 'CNY', at: '2026-06-02T10:00:00.000Z' };
    await here.book('d', { end: 'charge', ...yuan });

    const svg = await plot('--by', 'tenant');

    const panels = findAll(svg, 'g');
    expect(panels.map(barsOf)).toEqual([
      ['2026-06-02: 4.50 CNY'],
      ['2026-06-01: 1.15 USD', '2026-06-03: 0.30 USD'],
    ]);
    const [yuanTexts, dollarTexts] = panels.map((panel) => findAll(panel, 'text').map(textOf));
    expect(yuanTexts).toEqual(expect.arrayContaining(['CNY charged per day', 'day (UTC)']));
    expect(dollarTexts).toEqual(expect.arrayContaining(['0.00 USD', '2026-06-02']));
    expect(yuanTexts?.join(' ')).not.toContain('USD');
  });

  it('has a title for those who do not see it', async () => {
    const svg = await plot();

    const ids = svg.attributes['aria-labelledby']?.split(' ') ?? [];
    const labels = [...findAll(svg, 'title'), ...findAll(svg, 'desc')];
    expect(svg.attributes['role']).toBe('img');
    expect(ids).toEqual(labels.map((label) => label.attributes['id']));
    expect(labels.map(textOf).join(' ')).toMatch(
      /^Money charged per day .*all money of the ledger/,
    );
    expect(textOf(svg)).toContain('nothing was charged');
  });

  it('holds no script, no link and no markup of a name, only its text', async () => {
    await here.book('a', { tenant: NASTY, end: 'charge' });

    const svg = await plot('--tenant', NASTY);
    const source = readFileSync(here.path('spend.svg'), 'utf8');

    expect(findAll(svg, 'script')).toEqual([]);
    expect(barsOf(findAll(svg, 'g')[0])).toEqual(['2026-06-01: 0.45 USD']);
    const [description] = findAll(svg, 'desc');
    expect(description && textOf(description)).toContain(NASTY.replace('\u0000', '\uFFFD'));
    expect(source).not.toMatch(/href|url\(|<style|<image|<foreignObject|\son\w+=/i);
    expect(source.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });

  it('draws what was given back below zero', async () => {
    await here.book('a', { end: 'charge', micros: '5000000', estimated: true });
    const ledger = await here.open();
    const lower = toQuote({ micros: '4500000' });
    await ledger.adjustCost({ jobId: 'a', number: 1 }, lower, '2026-06-03T10:00:00.000Z');

    const svg = await plot();

    const [charged, given] = findAll(svg, 'rect').filter((rect) => rect.children.length > 0);
    expect(given && textOf(given)).toBe('2026-06-03: -0.50 USD');
    const bottom = Number(charged?.attributes['y']) + Number(charged?.attributes['height']);
    expect(Number(given?.attributes['y'])).toBeCloseTo(bottom, 1);
  });

  it('needs a folder that exists', async () => {
    const { exitCode, err } = await here.run(['money', 'summary', '--plot', 'nowhere/spend.svg']);

    expect(exitCode).toBe(2);
    expect(err).toContain('its folder does not exist');
  });
});

describe('the axis of a chart', () => {
  it.each([
    [[0n], [0n, 500_000n]],
    [[1n], [0n, 1n]],
    [
      [4_500_000n, 120_000n],
      [0n, 2_000_000n, 4_000_000n, 6_000_000n],
    ],
    [
      [-300_000n, 500_000n],
      [-400_000n, -200_000n, 0n, 200_000n, 400_000n, 600_000n],
    ],
    [[-5n], [-6n, -4n, -2n, 0n]],
    [
      [9_007_199_254_740_993_000_001n],
      [0n, 5_000_000_000_000_000_000_000n, 10_000_000_000_000_000_000_000n],
    ],
  ])('of %j holds every value between exact ticks', (values, ticks) => {
    expect(toAxis(values).ticks).toEqual(ticks);
  });
});

it('text is escaped for XML and loses what XML forbids', () => {
  expect(escapeXml(`<&>"'\u0000\u0008\uFFFF\uD800 🌊`)).toBe(
    '&lt;&amp;&gt;&quot;&apos;\uFFFD\uFFFD\uFFFD\uFFFD 🌊',
  );
});

it('a chart of ten years is still one document', () => {
  const days = new Map([
    ['2016-01-01', 1_000_000n],
    ['2026-01-01', 2_000_000n],
  ]);

  const svg = parseXml(renderSvg([{ currency: 'USD', days }], { title: 'a', description: 'b' }));

  expect(findAll(svg, 'rect')).toHaveLength(3);
  expect(findAll(svg, 'text').length).toBeLessThan(20);
});
