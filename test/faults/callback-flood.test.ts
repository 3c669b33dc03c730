import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { CallbackTarget } from '../../src/core/callbacks.ts';
import { writeFigures } from '../installation/figures.ts';
import type { CallbackScene } from './scenes/callback-scene.ts';
import { openCallbackScene } from './scenes/callback-scene.ts';

/** A run by hand takes 30 and more. A repetition counts as one for a minute, so at most 50. */
const SECONDS = Number(process.env['POLLUX_FLOOD_SECONDS'] ?? '5');
const PER_SECOND = 1_000;
const REAL_PER_SECOND = 10;
const JOBS = 50;
/** The flood that everything is loaded by, and whose memory is the level. */
const WARM_UP_SECONDS = 2;
const MAX_P99_MS = 50;
/** All in all, a repetition counts as one for a minute. */
const MAX_FLOODS = Math.max(1, Math.min(3, Math.floor(45 / SECONDS)));
/** What the heap of V8 gains and gives back under load; keeping every request would cost more within 30 s. */
const MAX_GROWTH_MIB = 64;
const FLOOD = fileURLToPath(new URL('child/flood-callbacks.mjs', import.meta.url));

interface Callback {
  readonly path: string;
  readonly body: string;
}

interface Kind {
  readonly name: 'forged' | 'duplicate' | 'real';
  readonly perSecond: number;
  /** Sent in turn. */
  readonly requests: readonly Callback[];
}

interface KindReport {
  readonly name: Kind['name'];
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const jobIds = Array.from({ length: JOBS }, (_, index) => `flooded/${String(index)}`);
let scene: CallbackScene;
let receiver: ChildCommand;

/** Nobody serves the queue of workflows, so the jobs stay open and every signal stays in their histories. */
beforeAll(async () => {
  scene = await openCallbackScene();
  receiver = await scene.startReceiver();
  for (const jobId of jobIds) {
    await scene.installation.client.start({ model: 'gateway/kling-v2', prompt: jobId }, { jobId });
  }
}, 120_000);

afterAll(() => scene.close());

function toCallback(index: number, taskId: string): Callback {
  const target: CallbackTarget = {
    account: 'gateway',
    jobId: jobIds[index % JOBS] ?? '',
    number: 1,
  };
  const body = JSON.stringify({ id: taskId, status: 'completed' });
  return { path: new URL(scene.urls(target)).pathname, body };
}

/** The last character of a token is one of 64; this one is never the right one. */
function toForged(index: number): Callback {
  const { path, body } = toCallback(index, 'forged');
  return { path: path.slice(0, -1) + (path.endsWith('x') ? 'y' : 'x'), body };
}

function toKinds(seconds: number, round: string): readonly Kind[] {
  const many = Array.from({ length: JOBS }, (_, index) => index);
  const real = Array.from({ length: seconds * REAL_PER_SECOND }, (_, index) => index);
  return [
    { name: 'forged', perSecond: PER_SECOND, requests: many.map(toForged) },
    {
      name: 'duplicate',
      perSecond: PER_SECOND,
      requests: many.map((index) => toCallback(index, 'the-same')),
    },
    {
      name: 'real',
      perSecond: REAL_PER_SECOND,
      requests: real.map((index) => toCallback(index, `${round}-${String(index)}`)),
    },
  ];
}

interface FloodReport {
  readonly kinds: readonly KindReport[];
  readonly p99MsBySecond: readonly number[];
}

async function flood(seconds: number, round: string): Promise<FloodReport> {
  const order = JSON.stringify({ origin: scene.origin, seconds, kinds: toKinds(seconds, round) });
  const { stdout } = await promisify(execFile)(process.execPath, [FLOOD, order]);
  return JSON.parse(stdout) as FloodReport;
}

/** What the receiver has resident, in MiB. Linux tells it. */
async function residentMib(): Promise<number> {
  const status = await readFile(`/proc/${String(receiver.pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Of the second in the middle: a machine that stalls for a moment spoils the seconds of that moment only. */
function middleP99(report: FloodReport | undefined): number {
  const seconds = report?.p99MsBySecond.toSorted((left, right) => left - right) ?? [];
  return seconds[Math.floor(seconds.length / 2)] ?? Infinity;
}

describe('[F16] a flood of 1,000 forged and 1,000 repeated callbacks a second', () => {
  it(
    'wakes nobody, keeps no real callback out, and costs neither time nor memory',
    async () => {
      const warmUp = await flood(WARM_UP_SECONDS, 'warm-up');
      const levelMib = await residentMib();

      const floods = [await flood(SECONDS, 'flood')];
      // The machine may have been busy with other things: a slow receiver is slow each time.
      while (middleP99(floods.at(-1)) >= MAX_P99_MS && floods.length < MAX_FLOODS) {
        floods.push(await flood(SECONDS, `flood-${String(floods.length)}`));
      }
      const growthMib = (await residentMib()) - levelMib;
      const signals = await Promise.all(jobIds.map((jobId) => scene.signalsOf(jobId)));
      const last = floods.at(-1);
      const p99Ms = middleP99(last);
      writeFigures([
        ...(last?.kinds ?? []).flatMap(({ name, p50Ms, p99Ms: ofAllMs }) => [
          { name: `callback_flood.${name}.p50`, value: p50Ms, unit: 'ms' },
          { name: `callback_flood.${name}.p99`, value: ofAllMs, unit: 'ms' },
        ]),
        { name: 'callback_flood.p99_of_a_second', value: p99Ms, unit: 'ms' },
        { name: 'callback_flood.rss', value: levelMib, unit: 'MiB' },
        { name: 'callback_flood.rss_growth', value: growthMib, unit: 'MiB' },
      ]);

      for (const { kinds } of floods) {
        const [forged, duplicate, real] = kinds;
        expect(forged?.statuses).toEqual({ '404': SECONDS * PER_SECOND });
        expect(duplicate?.statuses).toEqual({ '202': SECONDS * PER_SECOND });
        expect(real?.statuses).toEqual({ '202': SECONDS * REAL_PER_SECOND });
      }
      const real = [warmUp, ...floods].reduce((sum, { kinds }) => sum + (kinds[2]?.sent ?? 0), 0);
      expect(signals.reduce((sum, count) => sum + count, 0)).toBe(JOBS + real);
      expect(p99Ms).toBeLessThan(MAX_P99_MS);
      expect(growthMib).toBeLessThan(MAX_GROWTH_MIB);
    },
    60_000 + MAX_FLOODS * SECONDS * 3_000,
  );
});
