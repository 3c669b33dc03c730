const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i;
/** Quoted, printable, and short enough to travel in a heartbeat and in a header. */
const STRONG_TAG = /^"[\x21\x23-\x7e]{1,256}"$/;

/** An entity tag that promises the same bytes; `undefined` for a weak one (`W/`), none, or one of another form. */
export function readStrongTag(header: string | undefined): string | undefined {
  return header !== undefined && STRONG_TAG.test(header) ? header : undefined;
}

export interface RestOfFile {
  /** First byte that is served. */
  readonly offset: number;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

/**
 * A `Content-Range` that runs to the end of a file of known length; `undefined` for any other: with it nobody could tell
 * whether the rest came whole.
 */
export function readRestOfFile(header: string | undefined): RestOfFile | undefined {
  const match = CONTENT_RANGE.exec(header ?? '');
  if (match === null) return undefined;
  const [offset, last, sizeBytes] = match.slice(1).map(Number) as [number, number, number];
  return offset <= last && last === sizeBytes - 1 ? { offset, sizeBytes } : undefined;
}
