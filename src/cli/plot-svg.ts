import { formatMoney } from '../core/money.ts';
import type { DaySeries } from './plot.ts';
import { daysBetween } from './plot.ts';

export interface SvgText {
  readonly title: string;
  readonly description: string;
}

const WIDTH = 860;
const PANEL_HEIGHT = 260;
/** Room around the bars of one panel. */
const MARGIN = { top: 44, right: 20, bottom: 52, left: 120 } as const;
const HEADER_HEIGHT = 36;
const TICKS = 4n;
const DAY_LABELS = 7;
const WIDEST_BAR = 48;
const INK = '#1f2933';
const GRID = '#d5dbe1';
const COLOURS = ['#1f6f8b', '#b5541c', '#3d7a3a', '#6b4c9a'] as const;

/**
 * What was charged per day as an SVG document of its own: one panel per currency over one axis of days. It refers to
 * nothing outside itself. Coordinates are the only floats.
 */
export function renderSvg(series: readonly DaySeries[], text: SvgText): string {
  const height = HEADER_HEIGHT + Math.max(1, series.length) * PANEL_HEIGHT;
  const days = daysOf(series);
  const panels = series.map((one, position) => renderPanel(one, days, position));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
      ` role="img" aria-labelledby="title description" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title id="title">${escapeXml(text.title)}</title>`,
    `<desc id="description">${escapeXml(text.description)}</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="16">${escapeXml(text.title)}</text>`,
    ...(panels.length > 0
      ? panels
      : [label(WIDTH / 2, height / 2, 'middle', 'nothing was charged')]),
    '</svg>',
    '',
  ].join('\n');
}

function daysOf(series: readonly DaySeries[]): readonly string[] {
  const known = series.flatMap(({ days }) => [...days.keys()]).sort();
  const first = known[0];
  const last = known.at(-1);
  return first === undefined || last === undefined ? [] : daysBetween(first, last);
}

/** Text as XML: escaped, and without the control characters that XML forbids. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

/** The values of an axis from its lowest to its highest tick, in micros. */
export interface Axis {
  readonly ticks: readonly bigint[];
  readonly low: bigint;
  readonly high: bigint;
}

/** An axis that holds zero and every value, with ticks at 1, 2 or 5 times a power of ten. */
export function toAxis(values: readonly bigint[]): Axis {
  const least = values.reduce((min, value) => (value < min ? value : min), 0n);
  const most = values.reduce((max, value) => (value > max ? value : max), 0n);
  const step = toStep(most === least ? 1_000_000n : most - least);
  const ticks: bigint[] = [];
  let tick = 0n;
  while (tick > least) tick -= step;
  ticks.push(tick);
  while (tick < most || ticks.length < 2) {
    tick += step;
    ticks.push(tick);
  }
  return { ticks, low: ticks[0] ?? 0n, high: tick };
}

function toStep(span: bigint): bigint {
  for (let power = 1n; ; power *= 10n) {
    for (const factor of [1n, 2n, 5n]) {
      if (factor * power * TICKS >= span) return factor * power;
    }
  }
}

function renderPanel(series: DaySeries, days: readonly string[], position: number): string {
  const { currency } = series;
  const top = HEADER_HEIGHT + position * PANEL_HEIGHT + MARGIN.top;
  const bottom = top + PANEL_HEIGHT - MARGIN.top - MARGIN.bottom;
  const axis = toAxis([...series.days.values()]);
  const toY = (micros: bigint): number =>
    bottom - (Number(micros - axis.low) / Number(axis.high - axis.low)) * (bottom - top);
  const colour = COLOURS[position % COLOURS.length] ?? INK;
  return [
    '<g>',
    label(MARGIN.left, top - 14, 'start', `${currency} charged per day`),
    ...axis.ticks.map((tick) =>
      renderTick(toY(tick), formatMoney({ currency, micros: `${tick}` }), tick === 0n ? INK : GRID),
    ),
    ...renderBars(series, days, { colour, toY }),
    ...renderDays(days, bottom),
    label(centre(), bottom + 42, 'middle', 'day (UTC)'),
    '</g>',
  ].join('\n');
}

function renderTick(y: number, text: string, colour: string): string {
  const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(y)}" y2="${round(y)}" stroke="${colour}"/>`;
  return line + label(MARGIN.left - 8, y + 4, 'end', text);
}

interface BarStyle {
  readonly colour: string;
  readonly toY: (micros: bigint) => number;
}

function renderBars(
  { currency, days: amounts }: DaySeries,
  days: readonly string[],
  { colour, toY }: BarStyle,
): readonly string[] {
  const slot = slotWidth(days);
  const width = Math.min(WIDEST_BAR, slot * 0.8);
  const zero = toY(0n);
  return days.flatMap((day, index) => {
    const micros = amounts.get(day);
    if (micros === undefined || micros === 0n) return [];
    const y = toY(micros);
    const x = MARGIN.left + (index + 0.5) * slot - width / 2;
    const said = `${day}: ${formatMoney({ currency, micros: micros.toString() })}`;
    return (
      `<rect x="${round(x)}" y="${round(Math.min(y, zero))}" width="${round(width)}"` +
      ` height="${round(Math.abs(zero - y))}" fill="${colour}"><title>${escapeXml(said)}</title></rect>`
    );
  });
}

function renderDays(days: readonly string[], bottom: number): readonly string[] {
  const every = Math.ceil(days.length / DAY_LABELS);
  const slot = slotWidth(days);
  return days.flatMap((day, index) =>
    index % every === 0
      ? label(MARGIN.left + (index + 0.5) * slot, bottom + 20, 'middle', day)
      : [],
  );
}

function slotWidth(days: readonly string[]): number {
  return (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, days.length);
}

function centre(): number {
  return (MARGIN.left + WIDTH - MARGIN.right) / 2;
}

function label(x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

function round(coordinate: number): string {
  return coordinate.toFixed(2);
}
