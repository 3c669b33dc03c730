import { StorageError } from '../core/errors.ts';
import type { Sealer } from '../core/sealer.ts';
import { isRecord } from '../schema/problems.ts';

/** JSON lines of a page; where the installation encrypts, each as `{"sealed":"…"}`. Wire format, version 1. */
export function toPageText(lines: readonly string[], sealer: Sealer): string {
  const atRest = (line: string): string =>
    sealer.isSealing ? JSON.stringify({ sealed: sealer.seal(line) }) : line;
  return lines.map((line) => `${atRest(line)}\n`).join('');
}

/** The lines of a page, opened. `storage.corrupt`, `ledger.unavailable` without the key that sealed them. */
export function toPageLines(text: string, sealer: Sealer, key: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') {
    throw new StorageError('storage.corrupt', `${key} ends in the middle of a line`);
  }
  return lines.map((line) => {
    const sealed = toSealed(line);
    return sealed === undefined ? line : sealer.open(sealed);
  });
}

function toSealed(line: string): string | undefined {
  if (!line.startsWith('{"sealed":')) return undefined;
  const value: unknown = JSON.parse(line);
  const sealed = isRecord(value) ? value['sealed'] : undefined;
  return typeof sealed === 'string' ? sealed : undefined;
}
