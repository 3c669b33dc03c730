import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TemporaryFile } from '../../../src/storage/temporary-file.ts';

let folder: string;
let temporary: TemporaryFile;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-temporary-'));
  temporary = await TemporaryFile.create(join(folder, 'temporary'));
});
afterEach(async () => {
  await temporary.discard();
  rmSync(folder, { recursive: true });
});

/** What Node's file handles answer next time. */
async function failNext(call: 'datasync' | 'write', code: string): Promise<void> {
  const file = await open(join(folder, 'temporary'));
  const handles = Object.getPrototypeOf(file) as typeof file;
  await file.close();
  jest.spyOn(handles, call).mockRejectedValueOnce(Object.assign(new Error(code), { code }));
}

describe('a temporary file', () => {
  it('[F5] takes, marks and gives nothing after a flush that failed', async () => {
    await temporary.write(Buffer.from('bytes'));
    await failNext('datasync', 'EIO');

    await expect(temporary.mark()).rejects.toMatchObject({ code: 'storage.unavailable' });

    await expect(temporary.mark()).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(temporary.write(Buffer.from('more'))).rejects.toMatchObject({
      code: 'storage.unavailable',
    });
    await expect(temporary.finish()).rejects.toMatchObject({ code: 'storage.unavailable' });
  });

  it('[F5] marks nothing after a write that failed', async () => {
    await failNext('write', 'ENOSPC');

    await expect(temporary.write(Buffer.from('bytes'))).rejects.toMatchObject({
      code: 'storage.full',
    });
    await expect(temporary.mark()).rejects.toMatchObject({ code: 'storage.unavailable' });
  });

  it('[F5] has no room for more than the disk: the message says how much is free', async () => {
    await temporary.requireRoom(1024);

    const refused = temporary.requireRoom(Number.MAX_SAFE_INTEGER);

    await expect(refused).rejects.toMatchObject({ code: 'storage.full' });
    await expect(refused).rejects.toThrow(/has [0-9.]+ MiB free, and [0-9.]+ MiB are needed/);
  });
});
