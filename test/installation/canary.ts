import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A text that occurs nowhere by chance, and that no rule for known kinds of secrets recognises. */
export function createMarker(name: string): string {
  return `${name}${randomBytes(12).toString('hex')}`;
}

/** What a part of the system wrote, and where. */
export interface Trace {
  readonly place: string;
  readonly bytes: Uint8Array;
}

export function toTrace(place: string, text: string): Trace {
  return { place, bytes: Buffer.from(text, 'utf8') };
}

/** Every text and every byte array inside a value, such as an answer of the server: payloads are bytes in it. */
export function traceValue(place: string, value: unknown): readonly Trace[] {
  const seen = new Set<unknown>();
  const traces: Trace[] = [];
  const visit = (part: unknown, path: string): void => {
    if (typeof part === 'string') traces.push(toTrace(path, part));
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if (part instanceof Uint8Array || ArrayBuffer.isView(part)) {
      traces.push({
        place: path,
        bytes: Buffer.from(part.buffer, part.byteOffset, part.byteLength),
      });
      return;
    }
    for (const [name, member] of Object.entries(part)) {
      traces.push(toTrace(path, name));
      visit(member, `${path}.${name}`);
    }
  };
  visit(value, place);
  return traces;
}

/** Every file below a folder, whatever it is, and its name. `except` are names that may hold secrets. */
export async function traceFolder(
  folder: string,
  except: readonly string[] = [],
): Promise<readonly Trace[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const traces: Trace[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const place = relative(folder, path);
    traces.push(toTrace(`name of ${place}`, place));
    if (!entry.isFile() || except.includes(place)) continue;
    // A temporary may be gone by now.
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes !== undefined) traces.push({ place, bytes });
  }
  return traces;
}

/** The places where a marker stands, as text, in hex or inside base64. Each place once. */
export function findMarker(marker: string, traces: readonly Trace[]): readonly string[] {
  const forms = formsOf(marker);
  const found = traces.filter(({ bytes }) => {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return forms.some((form) => content.includes(form));
  });
  return [...new Set(found.map(({ place }) => place))];
}

/** Base64 shows a text in three ways, depending on where it begins; the ends, which depend on neighbours, are cut. */
function formsOf(marker: string): readonly string[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.from(' '.repeat(offset) + marker).toString('base64');
    return shifted.replace(/=+$/, '').slice(offset === 0 ? 0 : 4, -2);
  });
  return [marker, Buffer.from(marker).toString('hex'), ...inBase64];
}
