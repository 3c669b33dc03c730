import { statfs } from 'node:fs/promises';

import { StorageError } from '../core/errors.ts';
import { storing } from '../core/file-errors.ts';

const MEBIBYTE = 1024 * 1024;
/** Left to whatever else writes to the disk, the ledger for one. */
const RESERVE_BYTES = 64 * MEBIBYTE;

/** `storage.full` where the disk of the folder has not so much room, a reserve aside. */
export async function requireDiskRoom(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await storing('looking for room on the disk', () => statfs(folder));
  const freeBytes = bavail * bsize;
  if (freeBytes - RESERVE_BYTES >= neededBytes) return;
  throw new StorageError(
    'storage.full',
    `the disk of the temporary objects has ${toMebibytes(freeBytes)} free, and ${toMebibytes(neededBytes)} are needed besides a reserve of ${toMebibytes(RESERVE_BYTES)}; free some`,
    { details: { freeBytes, neededBytes, reserveBytes: RESERVE_BYTES } },
  );
}

function toMebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}
