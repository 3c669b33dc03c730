import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { RequestError } from '../core/errors.ts';
import { isAbsent, storing } from '../core/file-errors.ts';
import { renderSvg } from './plot-svg.ts';
import type { MoneyFilterFlags } from './money-filter.ts';
import type { DaySeries } from './plot.ts';

/** A usage error for what is not the name of an SVG file. */
export function toSvgPath(text: string): string {
  if (/[^/\\]\.svg$/i.test(text)) return text;
  throw new InvalidArgumentError('It must be the name of an SVG file, such as spend.svg.');
}

/**
 * Writes the chart, in the place of a file that is there. Throws `request.invalid` where its folder does not exist,
 * `storage.full` and `storage.unavailable` for other trouble of the file system.
 */
export async function writePlot(
  file: string,
  series: readonly DaySeries[],
  flags: MoneyFilterFlags,
  cwd: string,
): Promise<void> {
  const path = resolve(cwd, file);
  const svg = renderSvg(series, { title: 'Money charged per day', description: describe(flags) });
  await storing(`the chart ${path} is not written`, async () => {
    try {
      await writeFile(path, svg);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      throw new RequestError(
        'request.invalid',
        `--plot ${file}: its folder does not exist; make it, or choose another`,
      );
    }
  });
}

const SHOWN = ['from', 'to', 'month', 'tenant', 'batch', 'account', 'model', 'currency'] as const;

function describe(flags: MoneyFilterFlags): string {
  const parts = SHOWN.flatMap((name) => {
    const value = flags[name];
    return value === undefined ? [] : `${name} ${value}`;
  });
  const which = parts.length === 0 ? 'all money of the ledger' : parts.join(', ');
  return `Charges and adjustments by their day, UTC, one panel per currency: ${which}.`;
}
