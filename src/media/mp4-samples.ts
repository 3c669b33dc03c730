import type { Box } from './boxes.ts';
import { findBox, readChildren } from './boxes.ts';
import type { ByteSource, Look } from './byte-source.ts';

const VERSION_AND_COUNT_BYTES = 8;
const SIZES_HEAD_BYTES = 12;
/** In one chunk. More are a lie, or silence of hours. */
const MAX_SAMPLES = 100_000;

/** The first byte after the last chunk that any track of a movie keeps in the file, as far as its tables tell. */
export async function findEndOfSamples(source: ByteSource, moov: Box): Promise<number> {
  let end = 0;
  for await (const trak of readChildren(source, moov)) {
    if (trak.type !== 'trak') continue;
    const table = await findBox(source, trak, 'mdia', 'minf', 'stbl');
    if (table !== undefined) end = Math.max(end, await findEndOfChunks(source, table));
  }
  return end;
}

async function findEndOfChunks(source: ByteSource, table: Box): Promise<number> {
  const short = await readLast(source, await findBox(source, table, 'stco'), 4);
  const long = await readLast(source, await findBox(source, table, 'co64'), 8);
  const chunk = short?.uint32(0) ?? Number(long?.uint64(0) ?? 0n);
  const run = await readLast(source, await findBox(source, table, 'stsc'), 12);
  const sizes = await findBox(source, table, 'stsz');
  if (run === undefined || sizes === undefined) return chunk;
  return chunk + (await sumLastSizes(source, sizes, run.uint32(4)));
}

/** Bytes of the last so many samples. */
async function sumLastSizes(source: ByteSource, sizes: Box, count: number): Promise<number> {
  const head = await source.look(sizes.dataOffset, SIZES_HEAD_BYTES);
  if (head === undefined) return 0;
  const common = head.uint32(4);
  const total = head.uint32(8);
  const length = Math.min(count, total);
  if (common > 0) return common * length;
  const offset = sizes.dataOffset + SIZES_HEAD_BYTES + 4 * (total - length);
  const last = length > MAX_SAMPLES ? undefined : await source.look(offset, 4 * length);
  if (last === undefined) return 0;
  let sum = 0;
  for (let index = 0; index < length; index += 1) sum += last.uint32(4 * index);
  return sum;
}

/** The last entry of a table that begins with its number of entries. */
async function readLast(
  source: ByteSource,
  box: Box | undefined,
  entryBytes: number,
): Promise<Look | undefined> {
  if (box === undefined) return undefined;
  const count = (await source.look(box.dataOffset + 4, 4))?.uint32(0) ?? 0;
  if (count === 0) return undefined;
  const offset = box.dataOffset + VERSION_AND_COUNT_BYTES + (count - 1) * entryBytes;
  return source.look(offset, entryBytes);
}
