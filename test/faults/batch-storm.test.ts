import { MAX_PAGE_ITEMS } from '../../src/core/batch.ts';
import type { BatchItem, BatchState, ItemResult } from '../../src/core/batch.ts';
import { toManifestKey } from '../../src/core/keys.ts';
import type { TestBatches } from '../installation/batches.ts';
import { countCreates, openBatches, readAll, readSpans, toItems } from '../installation/batches.ts';
import { writeFigures } from '../installation/figures.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { readBytes } from '../installation/s3-stores.ts';
import { Random } from '../model/random.ts';
import { Weather } from './batch-storm-weather.ts';
import type { Span, WindowFigures } from './batch-storm-window.ts';
import { measureWindow } from './batch-storm-window.ts';

/** 2000 is the size that is published. */
const ITEMS = Number(process.env['POLLUX_STORM_ITEMS'] ?? 200);
const SEED = Number(process.env['POLLUX_SEED'] ?? Math.floor(Math.random() * 1e9));
const IS_FULL = ITEMS >= 1_000;
const WINDOW = IS_FULL ? 50 : 20;
const DURATION_MS = IS_FULL ? ([6_000, 12_000] as const) : ([3_000, 6_000] as const);
const PAGE_ITEMS = Math.min(MAX_PAGE_ITEMS, Math.ceil(ITEMS / 4));
const PLAN = {
  killIntervalMs: IS_FULL ? 20_000 : 40_000,
  serverAfter: Math.ceil(ITEMS * 0.6),
  lastFaultBefore: Math.ceil(ITEMS * 0.9),
  lastKillBefore: IS_FULL ? Infinity : Math.ceil(ITEMS * 0.9),
};
const TIMEOUT_MS = 180_000 + ITEMS * 600;
/** A worker that is killed at work keeps a page for five seconds more, and after it perhaps the batch for two; then the window is filled again. */
const RECOVERY_MS = 10_000;
/** The first window is filled. */
const FILLING_MS = 5_000;
const BATCH = 'storm';
/** The provider refuses one item of so many. */
const REFUSED_OF = 25;
const REFUSED = '[refused]';

let installation: TestInstallation;
let own: TestBatches;
let weather: Weather;
let items: readonly BatchItem[];
let results: readonly ItemResult[];
let state: BatchState;
let startedAtMs: number;
let tookSeconds: number;

const isRefused = ({ request }: BatchItem): boolean => request.prompt?.endsWith(REFUSED) === true;

const toStormItems = (): readonly BatchItem[] =>
  toItems(BATCH, ITEMS).map(({ id, request }, index) => {
    const mark = index % REFUSED_OF === 7 ? REFUSED : '';
    return { id, request: { ...request, prompt: `${request.prompt ?? ''} ${mark}` } };
  });

beforeAll(async () => {
  installation = await openInstallation({
    isDurable: true,
    simulator: { durationsMs: { video: DURATION_MS } },
    accounts: {
      nexusflow: {
        exclusive: true,
        limits: { concurrentTasks: 2 * WINDOW },
        timing: {
          ...{ firstPollSeconds: 3, minPollSeconds: 1, maxPollSeconds: 2 },
          submitTimeoutSeconds: 3,
        },
      },
    },
  });
  own = openBatches(installation);
  items = toStormItems();
  const refusal = { kind: 'status', status: 400, body: { error: { message: 'no' } } } as const;
  installation.simulator.addFaults([
    { operation: 'create', match: REFUSED, times: ITEMS * 10, fault: refusal },
  ]);
  weather = new Weather(installation, new Random(SEED));
  await weather.startWorkers(2);
  const manifest = await own.publishPages(BATCH, items, PAGE_ITEMS);
  startedAtMs = Date.now();
  const batch = await own.batches.start(manifest, { id: BATCH, window: WINDOW });
  weather.begin(BATCH, items, PLAN);
  results = await readAll(batch.results());
  tookSeconds = (Date.now() - startedAtMs) / 1000;
  await weather.end();
  state = await batch.state();
}, TIMEOUT_MS);

afterAll(async () => {
  await weather.end();
  await installation.close();
});

/** When too few jobs in flight prove nothing. */
function toExcusedSpans(): readonly Span[] {
  const outages = weather.outages.map(({ fromMs, toMs }): Span => [fromMs, toMs + RECOVERY_MS]);
  return [[startedAtMs, startedAtMs + FILLING_MS], ...outages];
}

function report({ most, fewest, fewestAtMs, average, seconds }: WindowFigures): void {
  const kills = weather.outages.filter(({ kind }) => kind === 'worker').length;
  const figures = [
    ['items', ITEMS, 'items'],
    ['window', WINDOW, 'jobs'],
    ['took', Math.round(tookSeconds), 's'],
    ['workers killed', kills, 'kills'],
    ['servers killed', weather.outages.length - kills, 'kills'],
    ['faults of the provider', weather.faults, 'faults'],
    ['held jobs decided', weather.decided, 'jobs'],
    ['most in flight', most, 'jobs'],
    ['fewest in flight outside outages', Math.floor(fewest * 10) / 10, 'jobs'],
    ['in flight on average outside outages', Math.floor(average * 10) / 10, 'jobs'],
    ['seconds outside outages', seconds, 's'],
  ] as const;
  writeFigures(figures.map(([name, value, unit]) => ({ name: `storm: ${name}`, value, unit })));
  const ends = weather.outages.map(({ toMs }) => toMs).filter((toMs) => toMs <= fewestAtMs);
  const after = ((fewestAtMs - Math.max(startedAtMs, ...ends)) / 1000).toFixed(1);
  const at = ((fewestAtMs - startedAtMs) / 1000).toFixed(1);
  process.stderr.write(`storm: the fewest at ${at} s, ${after} s after an outage\n`);
  process.stderr.write(
    `storm: seed ${SEED}, ${figures.map(([name, value]) => `${name} ${value}`).join(', ')}\n`,
  );
}

describe('a batch in a storm: workers and the server are killed, the provider fails at random [C14 F1 F6 F7 F8]', () => {
  it('has met it', () => {
    expect(weather.outages.filter(({ kind }) => kind === 'worker').length).toBeGreaterThan(0);
    expect(weather.outages.filter(({ kind }) => kind === 'server')).toHaveLength(1);
    expect(weather.faults).toBeGreaterThan(0);
  });

  it('buys every item once, and none that the provider refuses', () => {
    expect(countCreates(installation, items)).toEqual(
      items.map((item) => (isRefused(item) ? 0 : 1)),
    );
  });

  it('misses no item in its output manifest, and ends each as the provider has ended it', async () => {
    const text = (await readBytes(own.store, toManifestKey(BATCH))).toString('utf8');
    const lines = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ItemResult);
    expect(lines.map(({ item }) => item)).toEqual(items.map(({ id }) => id));
    expect(lines.map(({ status }) => status)).toEqual(
      items.map((item) => (isRefused(item) ? 'failed' : 'succeeded')),
    );
    expect(results.map(({ item }) => item).sort()).toEqual(items.map(({ id }) => id).sort());
    const succeeded = lines.filter(({ status }) => status === 'succeeded').length;
    expect(state).toMatchObject({
      ...{ status: 'failed', items: ITEMS, succeeded, failed: ITEMS - succeeded },
      ...{ waiting: 0, inFlight: 0, notStarted: 0, expired: 0, cancelled: 0 },
    });
  });

  it('never exceeds its window and keeps it full outside the seconds of an outage', async () => {
    const spans = await readSpans(installation, BATCH, items);
    const measured = measureWindow(spans, WINDOW, toExcusedSpans());
    report(measured);

    expect(measured.seconds).toBeGreaterThan(0);
    expect(measured.most).toBeLessThanOrEqual(WINDOW);
    if (IS_FULL) expect(measured.fewest).toBeGreaterThanOrEqual(0.9 * WINDOW);
    // A small batch beside other tests has few seconds that prove anything, and only together.
    else expect(measured.average).toBeGreaterThanOrEqual(0.8 * WINDOW);
  }, 60_000);

  it(
    'leaves nothing that an audit finds wrong',
    async () => {
      const audit = await installation.pollux('audit', '--json');

      const { invariants } = JSON.parse(audit.stdout) as {
        readonly invariants: readonly { readonly verdict: string }[];
      };
      expect(invariants.filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
      expect(audit.exitCode).toBe(0);
    },
    TIMEOUT_MS,
  );
});
