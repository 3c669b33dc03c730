import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JobResult } from '../../src/core/job.ts';
import type { FileStory, HostileServer } from '../installation/hostile-files.ts';
import {
  answer,
  cutAfter,
  redirect,
  serveTagged,
  startHostileServer,
} from '../installation/hostile-files.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { measureFile } from '../installation/stored-file.ts';

const FILM = readFileSync('test/fixtures/media/faststart.mp4');
const PICTURE = readFileSync('test/fixtures/media/image.png');
const PAGE = '<!doctype html><title>Sign in</title>';
/** A box that players skip makes the film long enough to be worth resuming. */
const FREE_BYTES = 5 * 1024 ** 2;
const LONG_FILM = Buffer.concat([FILM, toFreeBox(FREE_BYTES)]);
const CUT_AT_BYTES = 3 * 1024 ** 2;
const TAG = '"film-1"';

function toFreeBox(sizeBytes: number): Buffer {
  const box = Buffer.alloc(sizeBytes, 7);
  box.writeUInt32BE(sizeBytes);
  box.write('free', 4);
  return box;
}

const withLength = (bytes: string | Buffer, length = bytes.length): FileStory =>
  answer(200, { 'content-length': length, 'content-type': 'video/mp4' }, bytes);
const invalid = (found: string): object => ({
  status: 'failed',
  error: { code: 'provider.output_invalid', details: { found } },
});
const forbidden = (rule: string): object => ({
  status: 'failed',
  error: { code: 'provider.output_forbidden', details: { rule } },
});
/** Cut short each time: tried until the URL is dead. */
const expired = {
  status: 'expired',
  error: { code: 'provider.output_expired', details: { lastCode: 'provider.unavailable' } },
};

/** What is served in place of the film, how, and how the job ends. */
const TROUBLES: readonly (readonly [string, FileStory, object])[] = [
  ['a page', withLength(PAGE), invalid('html')],
  ['an error in JSON', withLength('{"error":"quota"}'), invalid('json')],
  ['nothing', withLength(''), invalid('empty')],
  ['a film without its last byte', withLength(FILM.subarray(0, -1)), invalid('truncated')],
  ['half a film, ended by FIN', answer(200, {}, FILM.subarray(0, 3_000)), invalid('truncated')],
  ['a film under a small length', withLength(FILM, FILM.length - 9), invalid('truncated')],
  [
    'a film and more',
    withLength(Buffer.concat([FILM, Buffer.from(PAGE)])),
    invalid('trailing_bytes'),
  ],
  ['a picture', withLength(PICTURE), invalid('image/png')],
  ['five gigabytes', withLength(FILM, 5_000_000_000), invalid('too_large')],
  ['a packed film', answer(200, { 'content-encoding': 'gzip' }, FILM), invalid('content_encoding')],
  ['a teapot', answer(418), invalid('http_418')],
  ['a loop', redirect('/a%20loop'), forbidden('it redirects more than 3 times')],
  [
    'the metadata service',
    redirect('http://169.254.169.254/latest/meta-data/'),
    forbidden('its host is a link-local or cloud metadata address'),
  ],
  ['a local file', redirect('file:///etc/passwd'), forbidden('its scheme is file:')],
  ['a film under a great length', withLength(FILM, FILM.length + 9), expired],
  ['chunks without end', answer(200, { 'transfer-encoding': 'chunked' }, '2\r\nab\r\n'), expired],
];

let installation: TestInstallation;
let server: HostileServer;
let results: ReadonlyMap<string, Promise<JobResult>>;

beforeAll(async () => {
  const stories = new Map(TROUBLES.map(([what, story]) => [encodeURI(`/${what}`), story]));
  server = await startHostileServer((socket, request) => {
    const story = stories.get(request.path) ?? answer(404);
    story(socket, request);
  });
  installation = await openInstallation({
    accounts: { brief: { provider: 'nexusflow', timing: { urlLifeSeconds: 5 } } },
  });
  await installation.startWorker();
  results = new Map(
    TROUBLES.map(([what, , end]) => {
      const pending = run(end === expired ? 'brief' : 'nexusflow', what, `/${what}`);
      pending.catch(() => undefined);
      return [what, pending];
    }),
  );
}, 60_000);

afterAll(async () => {
  await installation.close();
  await server.close();
});

/** A job whose result lies at a path of the hostile server. */
async function run(account: string, prompt: string, path: string): Promise<JobResult> {
  const headers = { location: encodeURI(server.baseUrl + path) };
  installation.simulator.addFaults([
    {
      operation: 'file',
      match: prompt,
      times: 1_000,
      fault: { kind: 'status', status: 302, headers },
    },
  ]);
  const request = { model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 };
  const job = await installation.client.start(request);
  return await job.result();
}

/** Names of everything in the store but what tells of a job. */
async function filesInStore(): Promise<readonly string[]> {
  const directory = join(installation.directory, 'artifacts');
  const below = await readdir(directory, { recursive: true, withFileTypes: true });
  return below
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => basename(path) !== 'job.json');
}

describe('[F14] a result whose server answers', () => {
  it.each(TROUBLES)('%s is never an artifact, and is paid for once', async (what, _, end) => {
    const result = await results.get(what);

    expect(result).toMatchObject({
      ...end,
      submissions: 1,
      artifacts: [],
      cost: { micros: '270000', state: 'charged' },
    });
    expect(installation.creates(what)).toHaveLength(1);
    const entries = await installation.ledger.entries(result?.jobId ?? '');
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
  });

  it('any of these leaves no object and nothing temporary', async () => {
    await Promise.all(results.values());

    expect(await filesInStore()).toEqual([]);
  });
});

describe('[F14] a result whose connection is cut', () => {
  it('is fetched from there on, and is whole', async () => {
    const whole = serveTagged(LONG_FILM, TAG, (offset) =>
      answer(
        206,
        {
          'content-length': LONG_FILM.length - offset,
          'content-range': `bytes ${offset}-${LONG_FILM.length - 1}/${LONG_FILM.length}`,
          etag: TAG,
        },
        LONG_FILM.subarray(offset),
      ),
    );
    const before = server.requests.length;
    server.tell((socket, request) => {
      const isFirst = server.requests.length === before + 1;
      const story = isFirst ? cutAfter(LONG_FILM, TAG, CUT_AT_BYTES) : whole;
      story(socket, request);
    });

    const result = await run('nexusflow', 'a long film', '/long.mp4');

    const [artifact] = result.artifacts;
    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(artifact && (await measureFile(artifact))).toEqual({
      sizeBytes: LONG_FILM.length,
      sha256: createHash('sha256').update(LONG_FILM).digest('hex'),
    });
    const asked = server.requests.slice(before).map(({ headers }) => headers['range']);
    expect(asked).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d{6}-$/)]);
    expect(installation.creates('a long film')).toHaveLength(1);
  });
});
