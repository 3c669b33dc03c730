import { escapeXml } from '../../src/cli/plot-svg.ts';
import { compareSchedules, runLearned, runOptimum, runSample } from './compare.ts';
import type { Outcome } from './compare.ts';
import { VIDEO_BOUNDS } from './fleet-scenes.ts';
import type { DurationSet } from './make-durations.ts';
import { everySeconds } from './schedules.ts';

interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly dashes: string;
  readonly outcomes: readonly Outcome[];
}

interface Panel {
  readonly left: number;
  readonly top: number;
}

const WIDTH = 860;
const HEIGHT = 900;
const PANEL = { width: 330, height: 270 } as const;
const COLUMNS = 2;
const INK = '#1f2933';
const GRID = '#d5dbe1';
const MOST_READINGS = 20;
const MOST_LAG_SECONDS = 25;
const TICK = 5;
/** Longest intervals, in seconds, at which the curves are computed. */
const INTERVALS: readonly number[] = [10, 12, 15, 18, 22, 27, 33, 40, 48];
const SHOWN: readonly string[] = ['usual', 'mixed', 'uniform', 'held-out'];

/** Readings per task against mean lag: fixed intervals, the schedule after learning, and the best possible. */
export function renderPlot(sets: readonly DurationSet[]): string {
  const shown = sets.filter(({ name }) => SHOWN.includes(name));
  const title = 'Readings per task and mean lag, by schedule';
  const panels = shown.map((set, position) => renderPanel(set, toPanel(position)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"` +
      ` role="img" aria-labelledby="title" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 26, title, 'middle', 16),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function toPanel(position: number): Panel {
  return {
    left: 70 + (position % COLUMNS) * (PANEL.width + 80),
    top: 80 + Math.floor(position / COLUMNS) * (PANEL.height + 140),
  };
}

function renderPanel(set: DurationSet, panel: Panel): string {
  const curves = toCurves(set);
  const points = compareSchedules(set);
  const ticks = Array.from({ length: MOST_LAG_SECONDS / TICK + 1 }, (_, index) => index * TICK);
  const bottom = panel.top + PANEL.height;
  return [
    '<g>',
    text(panel.left, panel.top - 14, `${set.name}: ${set.law}`),
    ...ticks.map((lag) => line(panel, [0, lag], [MOST_READINGS, lag], GRID)),
    ...ticks.map((lag) => text(panel.left - 8, toY(panel, lag) + 4, `${lag} s`, 'end')),
    ...ticks
      .filter((readings) => readings <= MOST_READINGS)
      .map((readings) => text(toX(panel, readings), bottom + 18, String(readings), 'middle')),
    line(panel, [0, 0], [0, MOST_LAG_SECONDS], INK),
    text(panel.left + PANEL.width / 2, bottom + 36, 'readings per task', 'middle'),
    ...curves.map((curve) => renderCurve(curve, panel)),
    ...curves.map((curve, position) => renderKey(curve, panel, position)),
    ...['not-learned', 'doubling'].flatMap((name) => renderPoint(name, points[name], panel)),
    '</g>',
  ].join('\n');
}

function toCurves(set: DurationSet): readonly Curve[] {
  const fixed = INTERVALS.map((seconds) => runSample(set.measured, everySeconds(seconds)));
  const learned = INTERVALS.map((seconds) =>
    runLearned(set, { ...VIDEO_BOUNDS, minPollSeconds: 8, maxPollSeconds: seconds }),
  );
  const optimum = fixed.map(({ meanLagSeconds }) =>
    runOptimum(set, { ...VIDEO_BOUNDS, minPollSeconds: 8 }, meanLagSeconds),
  );
  return [
    { name: 'fixed interval', colour: '#b5541c', dashes: '', outcomes: fixed },
    { name: 'Pollux, learned', colour: '#1f6f8b', dashes: '', outcomes: learned },
    { name: 'best possible', colour: '#3d7a3a', dashes: '5 4', outcomes: optimum },
  ];
}

function renderCurve({ colour, dashes, outcomes }: Curve, panel: Panel): string {
  const points = outcomes
    .filter(isShown)
    .map((outcome) => place(panel, outcome).map(round).join(','));
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}" points="${points.join(' ')}"/>`;
}

function renderKey({ name, colour, dashes }: Curve, panel: Panel, position: number): string {
  const x = panel.left + PANEL.width - 130;
  const y = panel.top + 16 + position * 18;
  const mark = `<line x1="${x}" x2="${x + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}"/>`;
  return mark + text(x + 30, y, name);
}

function renderPoint(name: string, outcome: Outcome | undefined, panel: Panel): readonly string[] {
  if (outcome === undefined || !isShown(outcome)) return [];
  const [x = 0, y = 0] = place(panel, outcome);
  const dot = `<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="#6b4c9a"/>`;
  return [dot + text(x + 8, y - 6, name)];
}

function isShown({ readings, meanLagSeconds }: Outcome): boolean {
  return readings <= MOST_READINGS && meanLagSeconds <= MOST_LAG_SECONDS;
}

function place(panel: Panel, { readings, meanLagSeconds }: Outcome): readonly number[] {
  return [toX(panel, readings), toY(panel, meanLagSeconds)];
}

function toX({ left }: Panel, readings: number): number {
  return left + (readings / MOST_READINGS) * PANEL.width;
}

function toY({ top }: Panel, lagSeconds: number): number {
  return top + PANEL.height * (1 - lagSeconds / MOST_LAG_SECONDS);
}

type Point = readonly [readings: number, lagSeconds: number];

function line(panel: Panel, from: Point, to: Point, colour: string): string {
  const [x1, x2] = [toX(panel, from[0]), toX(panel, to[0])].map(round);
  const [y1, y2] = [toY(panel, from[1]), toY(panel, to[1])].map(round);
  return `<line x1="${x1 ?? ''}" x2="${x2 ?? ''}" y1="${y1 ?? ''}" y2="${y2 ?? ''}" stroke="${colour}"/>`;
}

function text(
  x: number,
  y: number,
  words: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
  size = 12,
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}">${escapeXml(words)}</text>`;
}

function round(coordinate: number): string {
  return coordinate.toFixed(1);
}
