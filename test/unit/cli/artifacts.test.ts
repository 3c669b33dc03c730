import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { pathOf, StoredArtifacts, VIDEO } from './stored-artifacts.ts';

const DAY_MS = 86_400_000;
const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();

let here: StoredArtifacts;

beforeEach(() => {
  here = new StoredArtifacts();
});

afterEach(async () => {
  await here.close();
});

function linesOf(text: string): readonly Record<string, unknown>[] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('pollux artifacts', () => {
  it.each(['list', 'get', 'verify'])('explains %s with examples', async (verb) => {
    const { exitCode, terminal } = await here.run(['artifacts', verb, '--help']);

    expect(exitCode).toBe(0);
    expect(terminal.out()).toContain('Examples:');
  });

  it.each([
    [['list', '--older-than', '30'], 'It must be a duration, such as 45m, 12h, 30d or 8w.'],
    [['list', '--job', 'a b'], 'It must be the id of a job.'],
    [['get', 'nobody'], 'job nobody is not in the ledger'],
    [['verify', 'nobody'], 'job nobody is not in the ledger'],
    [['get', 'a b'], 'jobId ("a b")'],
  ])('refuses %s with a usage error', async (line, message) => {
    const { exitCode, terminal } = await here.run(['artifacts', ...line]);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain(message);
    expect(terminal.out()).toBe('');
  });
});

describe('pollux artifacts list', () => {
  it('shows each artifact in one row', async () => {
    const { sha256, url } = await here.add('shot-1', { endedAt: '2026-06-01T10:05:00.000Z' });

    const { exitCode, terminal } = await here.run(['artifacts', 'list']);

    const [header, row] = terminal.out().split('\n');
    expect(exitCode).toBe(0);
    expect(header?.split(/ {2,}/)).toEqual([
      'JOB',
      'INDEX',
      'TYPE',
      'SIZE',
      'PIXELS',
      'SECONDS',
      'SHA-256',
      'JOB ENDED',
      'URL',
    ]);
    expect(row?.split(/ {2,}/)).toEqual([
      ...['shot-1', '0', 'video/mp4', `${(VIDEO.length / 1000).toFixed(1)} kB`, '64x48', '2'],
      ...[sha256.slice(0, 12), '2026-06-01T10:05:00Z', url],
    ]);
  });

  it('prints JSON lines with everything that is recorded', async () => {
    const artifact = await here.add('b1/shot-1', { tenant: 'acme', batch: 'b1' });

    const { terminal } = await here.run(['artifacts', 'list', '--json']);

    expect(linesOf(terminal.out())).toEqual([
      {
        ...artifact,
        ...{ jobId: 'b1/shot-1', number: 1, account: 'studio', model: 'wan2.6-t2v' },
        ...{ tenant: 'acme', batch: 'b1', endedAt: null },
      },
    ]);
  });

  it.each([
    [
      ['--job', 'old', '--job', 'open'],
      ['open', 'old'],
    ],
    [['--account', 'other'], ['new']],
    [['--tenant', 'acme'], ['new']],
    [['--batch', 'spring'], ['old']],
    [['--older-than', '30d'], ['old']],
    [
      ['--older-than', '12h'],
      ['old', 'new'],
    ],
    [['--limit', '1'], ['open']],
  ])('keeps to %s', async (flags, expected) => {
    await here.add('old', { batch: 'spring', endedAt: daysAgo(31) });
    await here.add('new', { account: 'other', tenant: 'acme', endedAt: daysAgo(1) });
    await here.add('open');

    const { terminal } = await here.run(['artifacts', 'list', '--json', ...flags]);

    const found = linesOf(terminal.out()).map(({ jobId }) => jobId);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it('says so where nothing is stored, and makes no ledger', async () => {
    const { exitCode, terminal } = await here.run(['artifacts', 'list']);

    expect(exitCode).toBe(0);
    expect(terminal.err()).toBe('no artifacts\n');
    expect(existsSync(here.path('ledger.db'))).toBe(false);
  });
});

describe('pollux artifacts get', () => {
  it('copies the artifacts of a job into a folder', async () => {
    await here.add('b1/shot-1');
    await here.add('b1/shot-1', { index: 1, bytes: Buffer.from('second') });

    const { exitCode, terminal } = await here.run([
      'artifacts',
      'get',
      'b1/shot-1',
      '--out',
      'to/',
    ]);

    const paths = [here.path('to', 'b1-shot-1-0.mp4'), here.path('to', 'b1-shot-1-1.mp4')];
    expect(exitCode).toBe(0);
    expect(terminal.out()).toBe(`${paths.join('\n')}\n`);
    expect(paths.map((path) => readFileSync(path))).toEqual([VIDEO, Buffer.from('second')]);
  });

  it('copies the one that was chosen into the current folder', async () => {
    await here.add('shot-1');
    await here.add('shot-1', { index: 1, bytes: Buffer.from('second') });

    await here.run(['artifacts', 'get', 'shot-1', '--index', '1']);

    expect(readFileSync(here.path('shot-1-1.mp4'), 'utf8')).toBe('second');
    expect(existsSync(here.path('shot-1-0.mp4'))).toBe(false);
  });

  it('names what there is where the choice names nothing', async () => {
    await here.add('shot-1');

    const { exitCode, terminal } = await here.run(['artifacts', 'get', 'shot-1', '--index', '7']);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('there are (submission/index): 1/0');
  });

  it('replaces no file unless it is told to', async () => {
    await here.add('shot-1');
    writeFileSync(here.path('mine.mp4'), 'mine');
    const line = ['artifacts', 'get', 'shot-1', '--out', 'mine.mp4'];

    const refused = await here.run(line);
    const kept = readFileSync(here.path('mine.mp4'), 'utf8');
    const forced = await here.run([...line, '--force']);

    expect(refused.exitCode).toBe(2);
    expect(refused.terminal.err()).toContain('is there already; --force replaces it');
    expect(kept).toBe('mine');
    expect(forced.exitCode).toBe(0);
    expect(readFileSync(here.path('mine.mp4'))).toEqual(VIDEO);
  });

  it.each([
    [
      'other bytes of the same length',
      Buffer.alloc(VIDEO.length, 'x'),
      'does not have the SHA-256',
    ],
    ['fewer bytes', VIDEO.subarray(1), `${VIDEO.length} are recorded`],
  ])('leaves nothing of an object that has %s', async (_name, bytes, message) => {
    writeFileSync(pathOf(await here.add('shot-1')), bytes);

    const { exitCode, terminal } = await here.run(['artifacts', 'get', 'shot-1', '--out', 'to/']);

    expect(exitCode).toBe(1);
    expect(terminal.err()).toContain('error (storage.corrupt)');
    expect(terminal.err()).toContain(message);
    expect(readdirSync(here.path('to'))).toEqual([]);
  });

  it('leaves nothing half when it is interrupted', async () => {
    await here.add('shot-1', { bytes: Buffer.alloc(5 * 1024 * 1024) });
    const line = ['artifacts', 'get', 'shot-1', '--out', 'to/'];

    const { exitCode, terminal } = await here.run(line, { isTerminal: true }, (shown) => ({
      ...shown,
      stderr: {
        ...shown.stderr,
        write: (text) => {
          shown.stderr.write(text);
          if (text.includes('copying')) shown.interrupt();
        },
      },
    }));

    expect(exitCode).toBe(130);
    expect(terminal.err()).toContain('1.0 MB of 5.2 MB');
    expect(readdirSync(here.path('to'))).toEqual([]);
  });

  it('writes the bytes to stdout, and never to a terminal', async () => {
    await here.add('shot-1');
    const line = ['artifacts', 'get', 'shot-1', '--out', '-'];

    const piped = await here.run(line);
    const shown = await here.run(line, { isTerminal: true });

    expect(piped.terminal.bytes()).toEqual(VIDEO);
    expect(piped.terminal.out()).toBe('');
    expect(shown.exitCode).toBe(2);
    expect(shown.terminal.bytes()).toHaveLength(0);
  });

  it('says that a store of files gives no links', async () => {
    await here.add('shot-1');

    const { exitCode, terminal } = await here.run(['artifacts', 'get', 'shot-1', '--link', '60']);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('this artifact store gives no links');
  });
});

describe('pollux artifacts verify', () => {
  async function damage(): Promise<void> {
    await here.add('whole');
    rmSync(pathOf(await here.add('gone')));
    writeFileSync(pathOf(await here.add('cut')), VIDEO.subarray(1));
    writeFileSync(pathOf(await here.add('other')), Buffer.alloc(VIDEO.length, 'x'));
    await here.add('page', { bytes: Buffer.from('<html>gone</html>') });
  }

  it('tells what every artifact is now, and ends with 1 where one is not what was recorded', async () => {
    await damage();

    const { exitCode, terminal } = await here.run(['artifacts', 'verify']);

    const lines = terminal.out().trimEnd().split('\n').sort();
    expect(exitCode).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^changed +jobs\/cut\/1\/0\.mp4 has \d+ bytes/),
      expect.stringMatching(/^changed +jobs\/other\/1\/0\.mp4 has SHA-256/),
      expect.stringMatching(/^missing +jobs\/gone\/1\/0\.mp4 is not in the store/),
      expect.stringMatching(/^not whole +jobs\/page\/1\/0\.mp4 is not one whole media file: html/),
      expect.stringMatching(/^ok +jobs\/whole\/1\/0\.mp4$/),
    ]);
    expect(terminal.err()).toBe('5 artifacts: 1 ok, 1 missing, 2 changed, 1 not whole\n');
  });

  it('reads no object where it is to be quick', async () => {
    await damage();

    const { exitCode, terminal } = await here.run(['artifacts', 'verify', '--quick']);

    expect(exitCode).toBe(1);
    expect(terminal.err()).toBe('5 artifacts: 3 ok, 1 missing, 1 changed\n');
  });

  it('looks at the jobs that are named and prints JSON lines', async () => {
    await damage();

    const { exitCode, terminal } = await here.run(['artifacts', 'verify', 'whole', '--json']);

    expect(exitCode).toBe(0);
    expect(linesOf(terminal.out())).toMatchObject([
      { jobId: 'whole', outcome: 'ok', detail: null },
    ]);
  });

  it('ends with 4 where the store does not give an object, and looks at the others', async () => {
    const away = await here.add('away');
    await here.add('whole');
    rmSync(here.path('artifacts', 'jobs', 'away'), { recursive: true });
    symlinkSync('away', here.path('artifacts', 'jobs', 'away'));

    const { exitCode, terminal } = await here.run(['artifacts', 'verify']);

    expect(exitCode).toBe(4);
    expect(terminal.out()).toMatch(new RegExp(`^not checked +${away.key}: .*ELOOP`, 'm'));
    expect(terminal.err()).toBe('2 artifacts: 1 ok, 1 not checked\n');
  });
});
