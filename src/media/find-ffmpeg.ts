import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The first `ffmpeg` on the `PATH` of an environment that can be run; `undefined` where there is none. */
export async function findFfmpeg(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  // A folder that is relative would be another one in each working folder.
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const file = join(folder, 'ffmpeg');
    if (await isProgram(file)) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
