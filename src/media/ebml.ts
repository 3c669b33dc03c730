import type { ByteSource } from './byte-source.ts';

/** One element of EBML (RFC 8794). */
export interface Element {
  readonly id: number;
  readonly dataOffset: number;
  /** `undefined` where the size is left open. */
  readonly end: number | undefined;
}

const MAX_ID_BYTES = 4;
const MAX_SIZE_BYTES = 8;

/** The element at `offset`; `undefined` where there is none or the file ends inside its head. */
export async function readElement(
  source: ByteSource,
  offset: number,
): Promise<Element | undefined> {
  const id = await readVariable(source, offset, MAX_ID_BYTES);
  if (id === undefined) return undefined;
  const size = await readVariable(source, offset + id.length, MAX_SIZE_BYTES);
  if (size === undefined) return undefined;
  const dataOffset = offset + id.length + size.length;
  const isOpen = size.value === 2 ** (7 * size.length) - 1;
  return {
    // An id is written with its marker bit.
    id: id.value + 2 ** (7 * id.length),
    dataOffset,
    end: isOpen ? undefined : dataOffset + size.value,
  };
}

/** A number whose leading zero bits and the marker bit after them tell its length; they are no part of the value. */
async function readVariable(
  source: ByteSource,
  offset: number,
  maxLength: number,
): Promise<{ value: number; length: number } | undefined> {
  const first = (await source.look(offset, 1))?.uint8(0);
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (length > maxLength) return undefined;
  const rest = (await source.look(offset + 1, length - 1))?.bytes;
  if (rest === undefined) return undefined;
  const head = first - 2 ** (8 - length);
  return { value: rest.reduce((sum, byte) => sum * 256 + byte, head), length };
}
