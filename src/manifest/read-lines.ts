/** One line of a text file, without its line feed. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Empty where the line is too long. */
  readonly bytes: Uint8Array;
  /** Length of the whole line, also where its bytes were not kept. */
  readonly sizeBytes: number;
  readonly isTooLong: boolean;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NOTHING = new Uint8Array();

/** Splits bytes at line feeds. Holds one line, and of a line that is too long nothing. A byte order mark is left out. */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine> {
  let number = 0;
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const keep = (bytes: Uint8Array): void => {
    sizeBytes += bytes.length;
    if (sizeBytes <= MAX_LINE_BYTES) parts.push(bytes);
    else parts = [];
  };
  const end = (): TextLine => {
    number += 1;
    const isTooLong = sizeBytes > MAX_LINE_BYTES;
    const whole = isTooLong ? NOTHING : Buffer.concat(parts);
    const line = { number, sizeBytes, isTooLong, bytes: number === 1 ? withoutMark(whole) : whole };
    parts = [];
    sizeBytes = 0;
    return line;
  };
  for await (const chunk of source) {
    let start = 0;
    for (;;) {
      const at = chunk.indexOf(LINE_FEED, start);
      if (at < 0) break;
      keep(chunk.subarray(start, at));
      yield end();
      start = at + 1;
    }
    // The source may use its buffer again.
    if (start < chunk.length) keep(chunk.slice(start));
  }
  if (sizeBytes > 0) yield end();
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
  return hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

/** Rules of every line. */
export const MAX_LINE_BYTES = 1_048_576;
export const TOO_LONG: string = `must have at most ${String(MAX_LINE_BYTES)} bytes`;
export const NOT_UTF8 = 'must be UTF-8';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `undefined` where the bytes are no UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
