import { readFileSync } from 'node:fs';
import type { S3Server } from '../../installation/s3-server.ts';
import { startS3Server } from '../../installation/s3-server.ts';
import { StoredArtifacts, VIDEO } from './stored-artifacts.ts';

let server: S3Server;
let here: StoredArtifacts;

beforeAll(async () => {
  server = await startS3Server();
});

beforeEach(async () => {
  here = new StoredArtifacts(await server.createBucket());
});

afterEach(async () => {
  await here.close();
});

afterAll(() => server.close());

describe('artifacts in an S3 store', () => {
  it('are copied out and verified as those in files', async () => {
    await here.add('shot-1');

    const copied = await here.run(['artifacts', 'get', 'shot-1', '--out', 'copy.mp4']);
    const verified = await here.run(['artifacts', 'verify', 'shot-1']);

    expect(copied.exitCode).toBe(0);
    expect(readFileSync(here.path('copy.mp4'))).toEqual(VIDEO);
    expect(verified.exitCode).toBe(0);
    expect(verified.terminal.out()).toMatch(/^ok +jobs\/shot-1\/1\/0\.mp4$/m);
  });

  it('are read through a link by whoever has it', async () => {
    await here.add('shot-1');

    const { exitCode, terminal } = await here.run(['artifacts', 'get', 'shot-1', '--link', '60']);
    const reply = await fetch(terminal.out().trim());

    expect(exitCode).toBe(0);
    expect(Buffer.from(await reply.arrayBuffer())).toEqual(VIDEO);
  });

  it('get no link that lives longer than S3 lets one live', async () => {
    await here.add('shot-1');

    const { exitCode, terminal } = await here.run([
      'artifacts',
      'get',
      'shot-1',
      '--link',
      '604801',
    ]);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('must be a whole number of 1 to 604800');
    expect(terminal.out()).toBe('');
  });

  it('are found missing and are not checked while the server is away', async () => {
    const { key } = await here.add('gone');
    await here.store.remove(key);
    const missing = await here.run(['artifacts', 'verify']);
    await server.stop();
    const away = await here.run(['artifacts', 'verify']);
    await server.start();

    expect(missing.exitCode).toBe(1);
    expect(missing.terminal.out()).toContain('is not in the store');
    expect(away.exitCode).toBe(4);
    expect(away.terminal.out()).toContain('not checked');
  });
});
