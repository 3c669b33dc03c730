import { appendFileSync } from 'node:fs';

/** One measured number. */
export interface Figure {
  /** e.g. `download.file.ratio`. */
  readonly name: string;
  readonly value: number;
  /** e.g. `MiB/s`; empty for a ratio. */
  readonly unit: string;
}

/** What a figure must keep to. */
export type Bound =
  | { readonly kind: 'at least'; readonly value: number }
  | { readonly kind: 'at most'; readonly value: number };

export interface Report {
  /** Takes a figure, and the bound it must keep to, if there is one. */
  add(figure: Figure, bound?: Bound): void;
  /** A line for a person, on stderr. */
  note(text: string): void;
}

interface Entry {
  readonly figure: Figure;
  readonly bound: Bound | undefined;
}

/** Prints figures as they come: JSON lines, or a table at the end. */
export class FigureReport implements Report {
  readonly #isJson: boolean;
  readonly #entries: Entry[] = [];

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  add({ name, value, unit }: Figure, bound?: Bound): void {
    const figure = { name, value: round(value), unit };
    this.#entries.push({ figure, bound });
    const line = JSON.stringify(figure);
    if (this.#isJson) console.log(line);
    const file = process.env['POLLUX_FIGURES'];
    if (file !== undefined && file !== '') appendFileSync(file, `${line}\n`);
  }

  note(text: string): void {
    console.error(text);
  }

  /** Prints the table, unless figures were printed as JSON, and returns the exit code: 1 where a bound is missed. */
  conclude(): number {
    if (!this.#isJson) for (const entry of this.#entries) console.log(toRow(entry, this.#entries));
    const missed = this.#entries.filter(({ figure, bound }) => !keeps(figure, bound));
    for (const { figure, bound } of missed) console.error(`MISSED: ${describe(figure, bound)}`);
    return missed.length === 0 ? 0 : 1;
  }
}

export function keeps({ value }: Figure, bound: Bound | undefined): boolean {
  if (bound === undefined) return true;
  return bound.kind === 'at least' ? value >= bound.value : value <= bound.value;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('there are no values');
  return (lower + upper) / 2;
}

function toRow({ figure, bound }: Entry, all: readonly Entry[]): string {
  const width = Math.max(...all.map((entry) => entry.figure.name.length));
  const number = String(figure.value).padStart(10);
  const verdict = bound === undefined ? '' : keeps(figure, bound) ? 'kept' : 'MISSED';
  const limit = bound === undefined ? '' : `${bound.kind} ${bound.value}: ${verdict}`;
  return `${figure.name.padEnd(width)}  ${number} ${figure.unit.padEnd(6)} ${limit}`.trimEnd();
}

function describe({ name, value, unit }: Figure, bound: Bound | undefined): string {
  const limit = bound === undefined ? '' : `, and must be ${bound.kind} ${bound.value}`;
  return `${name} is ${value} ${unit}`.trimEnd() + limit;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
