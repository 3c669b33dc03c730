import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storyboard } from '../../examples/storyboard.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';

const CSV = fileURLToPath(new URL('../../examples/storyboard.csv', import.meta.url));

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation();
  await installation.startWorker();
}, 90_000);

afterAll(() => installation.close());

describe('the example of two batches in a chain', () => {
  it('makes a video of every image and a sheet of all, and buys nothing when it runs again', async () => {
    const { configFile, directory, simulator } = installation;
    const csvFile = join(directory, 'storyboard.csv');
    const sheetFile = join(directory, 'sheet.html');
    await writeFile(
      csvFile,
      `${await readFile(CSV, 'utf8')}odd,nexusflow/wan2.6-t2i,<b>A & B</b>,\n`,
    );
    const options = { configFile, csvFile, sheetFile };
    const count = (): number => simulator.log().filter(({ kind }) => kind === 'create').length;

    const first = await storyboard(options);
    const bought = count();
    const sheet = await readFile(sheetFile, 'utf8');
    const second = await storyboard(options);

    expect(first.images.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'));
    expect(first.videos.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'));
    expect(bought).toBe(8);
    for (const { artifacts } of first.videos) expect(sheet).toContain(artifacts[0]?.url);
    expect(sheet).not.toContain('<b>');
    expect(count()).toBe(bought);
    expect(await readFile(sheetFile, 'utf8')).toBe(sheet);
    expect(second.videos).toHaveLength(4);
  }, 120_000);
});
