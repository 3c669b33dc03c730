import type { Box } from './boxes.ts';
import { findBox, readChildren } from './boxes.ts';
import type { ByteSource } from './byte-source.ts';

/** Flags of a track fragment header (`tfhd`): which optional fields it has. */
const BASE_OFFSET = 0x01;
const DESCRIPTION_INDEX = 0x02;
const DEFAULT_DURATION = 0x08;

/** Flags of a run (`trun`). */
const DATA_OFFSET = 0x001;
const FIRST_FLAGS = 0x004;
const SAMPLE_DURATION = 0x100;
/** Duration, size, flags and composition offset of each sample: four bytes each. */
const SAMPLE_FIELDS = [SAMPLE_DURATION, 0x200, 0x400, 0x800] as const;

/** Duration of a track over all fragments, in its timescale. */
export async function sumFragments(
  source: ByteSource,
  moov: Box,
  fragments: readonly Box[],
  trackId: number,
): Promise<number> {
  const fallback = await readTrackDefault(source, moov, trackId);
  let sum = 0;
  for (const fragment of fragments) {
    for await (const traf of readChildren(source, fragment)) {
      if (traf.type === 'traf') sum += await sumTrackFragment(source, traf, trackId, fallback);
    }
  }
  return sum;
}

/** Duration of a sample where no fragment says otherwise (`trex`). */
async function readTrackDefault(source: ByteSource, moov: Box, trackId: number): Promise<number> {
  const mvex = await findBox(source, moov, 'mvex');
  if (mvex === undefined) return 0;
  for await (const box of readChildren(source, mvex)) {
    const look = box.type === 'trex' ? await source.look(box.dataOffset, 16) : undefined;
    if (look?.uint32(4) === trackId) return look.uint32(12);
  }
  return 0;
}

async function sumTrackFragment(
  source: ByteSource,
  traf: Box,
  trackId: number,
  fallback: number,
): Promise<number> {
  const header = await findBox(source, traf, 'tfhd');
  const head = header === undefined ? undefined : await source.look(header.dataOffset, 8);
  if (header === undefined || head?.uint32(4) !== trackId) return 0;
  const flags = head.uint32(0);
  let offset = header.dataOffset + 8;
  if ((flags & BASE_OFFSET) !== 0) offset += 8;
  if ((flags & DESCRIPTION_INDEX) !== 0) offset += 4;
  const stated = (flags & DEFAULT_DURATION) === 0 ? undefined : await source.look(offset, 4);
  const sampleDuration = stated?.uint32(0) ?? fallback;

  let sum = 0;
  for await (const box of readChildren(source, traf)) {
    if (box.type === 'trun') sum += await sumRun(source, box, sampleDuration);
  }
  return sum;
}

async function sumRun(source: ByteSource, run: Box, sampleDuration: number): Promise<number> {
  const head = await source.look(run.dataOffset, 8);
  if (head === undefined) return 0;
  const flags = head.uint32(0);
  const count = head.uint32(4);
  if ((flags & SAMPLE_DURATION) === 0) return count * sampleDuration;
  let offset = run.dataOffset + 8;
  if ((flags & DATA_OFFSET) !== 0) offset += 4;
  if ((flags & FIRST_FLAGS) !== 0) offset += 4;
  const stride = 4 * SAMPLE_FIELDS.filter((field) => (flags & field) !== 0).length;
  let sum = 0;
  for (; offset + stride <= run.end; offset += stride) {
    sum += (await source.look(offset, 4))?.uint32(0) ?? 0;
  }
  return sum;
}
