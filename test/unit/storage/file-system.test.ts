import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createFileSystemStore } from '../../../src/storage/file-system.ts';
import { createArtifactStore } from '../../../src/storage/index.ts';
import { placeFile } from '../../../src/storage/place-file.ts';

const KEY = 'jobs/job-1/1/0.mp4';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function publish(root: string, content: string): Promise<void> {
  const store = createFileSystemStore({ root });
  const temporary = await store.openTemporary(KEY);
  try {
    await temporary.write(Buffer.from(content));
    await store.publish(temporary, KEY);
  } finally {
    await temporary.discard();
  }
}

describe('the file system store', () => {
  it('hides temporaries from other users and shows objects to them', async () => {
    await publish(folder, 'bytes');

    expect(statSync(join(folder, '.tmp')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, KEY)).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(folder, '.tmp'))).toEqual([]);
  });

  it('does not follow a link out of its root', async () => {
    const root = join(folder, 'root');
    const outside = join(folder, 'outside');
    mkdirSync(root);
    mkdirSync(outside);
    symlinkSync(outside, join(root, 'jobs'));

    await expect(publish(root, 'bytes')).rejects.toMatchObject({ code: 'storage.corrupt' });
    expect(readdirSync(outside)).not.toContain('0.mp4');
  });

  it('does not read through a link at a key', async () => {
    mkdirSync(join(folder, 'jobs'));
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync(join(folder, 'secret'), join(folder, 'jobs', 'link'));
    const store = createFileSystemStore({ root: folder });

    await expect(store.open('jobs/link')).rejects.toMatchObject({ code: 'storage.missing' });
  });

  it('whose root cannot be made is storage.unavailable', async () => {
    writeFileSync(join(folder, 'file'), '');
    const store = createFileSystemStore({ root: join(folder, 'file', 'root') });

    await expect(store.openTemporary(KEY)).rejects.toMatchObject({ code: 'storage.unavailable' });
  });
});

describe('a file system without hard links', () => {
  const refuseLink = (): Promise<void> =>
    Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const place = (from: string, to: string): Promise<boolean> =>
    placeFile({ from, to, claim: join(folder, 'claim'), makeLink: refuseLink });

  it('takes a file by a rename, and leaves no claim', async () => {
    const to = join(folder, 'object');

    expect(await place(write('one', 'first'), to)).toBe(true);
    expect(readFileSync(to, 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['object']);
  });

  it('never replaces what is there', async () => {
    const to = write('object', 'first');

    expect(await place(write('two', 'second'), to)).toBe(false);
    expect(readFileSync(to, 'utf8')).toBe('first');
  });

  it('lets one at a time place', async () => {
    write('claim', '');

    await expect(place(write('one', 'first'), join(folder, 'object'))).rejects.toMatchObject({
      code: 'EEXIST',
    });
  });
});

describe('a storage URL', () => {
  it('names a folder, absolute or relative to the working directory', () => {
    const absolute = createArtifactStore(pathToFileURL(folder).href);
    const relative = createArtifactStore('file:.pollux/artifacts');

    expect(absolute.urlOf(KEY)).toBe(pathToFileURL(join(folder, KEY)).href);
    expect(relative.urlOf(KEY)).toBe(
      pathToFileURL(join(process.cwd(), '.pollux/artifacts', KEY)).href,
    );
  });

  it.each(['s3://key:hunter2@bucket', 'file:', 'file://host/path', 'artifacts'])(
    '"%s" is config.invalid, and is not repeated',
    (url) => {
      expect(() => createArtifactStore(url)).toThrow(/^storage\.url: (?!.*hunter2)/);
    },
  );
});
