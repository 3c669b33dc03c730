import type { ByteSource } from './byte-source.ts';

/** One box of an ISO base media file (ISO/IEC 14496-12). */
export interface Box {
  readonly type: string;
  readonly offset: number;
  readonly dataOffset: number;
  /** First byte after the box, by its own size; may lie beyond the file. */
  readonly end: number;
  /** Reaches to the end of its parent, wherever that is. */
  readonly isOpen: boolean;
}

const HEAD_BYTES = 8;
const LARGE_HEAD_BYTES = 16;

/** The box at `offset` of a parent that ends at `parentEnd`; `undefined` where no head of a box fits or stands. */
export async function readBox(
  source: ByteSource,
  offset: number,
  parentEnd: number,
): Promise<Box | undefined> {
  const head = await source.look(offset, HEAD_BYTES);
  if (head === undefined) return undefined;
  const type = head.text(4, 4);
  const size = head.uint32(0);
  if (size === 1) {
    const large = await source.look(offset + HEAD_BYTES, 8);
    const largeSize = Number(large?.uint64(0) ?? 0n);
    if (largeSize < LARGE_HEAD_BYTES) return undefined;
    const dataOffset = offset + LARGE_HEAD_BYTES;
    return { type, offset, dataOffset, end: offset + largeSize, isOpen: false };
  }
  if (size !== 0 && size < HEAD_BYTES) return undefined;
  const end = size === 0 ? parentEnd : offset + size;
  return { type, offset, dataOffset: offset + HEAD_BYTES, end, isOpen: size === 0 };
}

/** The children of a box, as far as they are whole. `skippedBytes`: fields that stand before them. */
export async function* readChildren(
  source: ByteSource,
  parent: Box,
  skippedBytes = 0,
): AsyncIterable<Box> {
  for (let offset = parent.dataOffset + skippedBytes; offset < parent.end;) {
    const box = await readBox(source, offset, parent.end);
    if (box === undefined || box.end > parent.end) return;
    yield box;
    offset = box.end;
  }
}

/** The first box at a path of types below a box. */
export async function findBox(
  source: ByteSource,
  parent: Box,
  ...path: readonly string[]
): Promise<Box | undefined> {
  const [type, ...rest] = path;
  if (type === undefined) return parent;
  for await (const box of readChildren(source, parent)) {
    if (box.type === type) return findBox(source, box, ...rest);
  }
  return undefined;
}
