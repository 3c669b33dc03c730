import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ManifestFormat } from '../../src/manifest/index.ts';
import { writeFigures } from '../installation/figures.ts';

const PROGRAM = fileURLToPath(new URL('../installation/read-large-manifest.mjs', import.meta.url));
const ITEMS = 50_000;
/** Two kilobytes an item: the whole manifest is a hundred megabytes. */
const MOST_GROWTH_BYTES = 60_000_000;

interface Reading {
  readonly read: number;
  readonly problemCount: number;
  readonly quoted: readonly { readonly micros: string }[];
  readonly seconds: number;
  readonly maxRssBytes: number;
}

async function read(items: number, format: ManifestFormat): Promise<Reading> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=64',
    PROGRAM,
    JSON.stringify({ items, format }),
  ]);
  return JSON.parse(stdout) as Reading;
}

describe('a manifest of 50,000 items', () => {
  it.each<ManifestFormat>(['jsonl', 'csv'])(
    'as %s is read and staged in the memory that a small one needs',
    async (format) => {
      const small = await read(1_000, format);
      const large = await read(ITEMS, format);

      const growthBytes = large.maxRssBytes - small.maxRssBytes;
      writeFigures([
        { name: `manifest ${format} of 50000, growth`, value: growthBytes, unit: 'bytes' },
        { name: `manifest ${format} of 50000`, value: large.seconds, unit: 's' },
      ]);
      expect(large).toMatchObject({ read: ITEMS, problemCount: 0 });
      expect(large.quoted[0]?.micros).toBe('22500000000');
      expect(growthBytes).toBeLessThan(MOST_GROWTH_BYTES);
    },
    120_000,
  );
});
