import { StorageError } from './errors.ts';

/** A used-up quota is EDQUOT, for which this Node has no name: 122 on Linux, 69 on macOS. */
const NO_ROOM = new Set([
  'ENOSPC',
  'EDQUOT',
  'Unknown system error -122',
  'Unknown system error -69',
]);
const FILE_ERROR = /^(E[A-Z0-9]+|Unknown system error -\d+)$/;
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** The `code` of a file system error, e.g. `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function isAbsent(error: unknown): boolean {
  const code = fileErrorCode(error);
  return code !== undefined && ABSENT.has(code);
}

/** A file system error as an error of the table; what is none stays what it is. */
function toStorageError(error: unknown, what: string): unknown {
  const code = fileErrorCode(error);
  if (code === undefined || !FILE_ERROR.test(code)) return error;
  const options = { details: { code }, cause: error };
  return NO_ROOM.has(code)
    ? new StorageError(
        'storage.full',
        `${what}: the disk, or the quota, has no room (${code}); free some`,
        options,
      )
    : new StorageError('storage.unavailable', `${what}: the file system answers ${code}`, options);
}

/** Runs file system calls, whose trouble becomes `storage.full` or `storage.unavailable`. */
export async function storing<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error, what);
  }
}
