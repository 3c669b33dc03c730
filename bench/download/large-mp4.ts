import { createMp4, videoSizes } from '../../simulator/media/mp4.ts';
import { MIB } from '../sizes.ts';

/** An MP4 of any size: it begins with `head`; what follows, to its end, is media data that no sample needs. */
export interface LargeMp4 {
  readonly head: Buffer;
  readonly sizeBytes: number;
}

/** Boxes tell their size in 32 bits here. */
const MAX_BYTES = 0xffff_ffff;
export const VIDEO_SECONDS = 5;

/**
 * A whole MP4 of exactly so many bytes, `moov` first: a short film whose media data goes on after the last picture.
 *
 * @throws RangeError where the size is too small for the film, or 4 GiB and more.
 */
export function createLargeMp4(sizeBytes: number): LargeMp4 {
  const [size] = videoSizes();
  if (size === undefined) throw new RangeError('the simulator has no template of a video');
  const head = createMp4({ ...size, durationSeconds: VIDEO_SECONDS, label: `bench ${sizeBytes}` });
  if (sizeBytes < head.length || sizeBytes > MAX_BYTES) {
    throw new RangeError(`${sizeBytes} is not from ${head.length} to ${MAX_BYTES} bytes`);
  }
  const mdat = head.lastIndexOf('mdat') - 4;
  head.writeUInt32BE(sizeBytes - mdat, mdat);
  return { head, sizeBytes };
}

/** The bytes of the file, block by block. The same block comes again and again: do not change it. */
export function* readBlocks({ head, sizeBytes }: LargeMp4, filler: Buffer): Generator<Buffer> {
  yield head;
  for (let left = sizeBytes - head.length; left > 0; left -= filler.length) {
    yield left >= filler.length ? filler : filler.subarray(0, left);
  }
}

export const BLOCK_BYTES: number = MIB;
