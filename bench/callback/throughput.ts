import { randomBytes } from 'node:crypto';
import type { BenchProcess } from '../bench-process.ts';
import { startBenchProcess } from '../bench-process.ts';
import type { Report } from '../figures.ts';
import { median } from '../figures.ts';
import type { LoadAnswer, LoadQuestion } from './load-process.ts';
import type { ReceiverAnswer, ReceiverQuestion } from './receiver-process.ts';
import type { CallbackKind } from './target-urls.ts';
import { createPaths } from './target-urls.ts';

type Side = ReceiverQuestion['side'];
type Receiver = BenchProcess<ReceiverQuestion, ReceiverAnswer>;

export type LoadProcess = BenchProcess<LoadQuestion, LoadAnswer>;

export interface ThroughputOptions {
  /** Of each load. */
  readonly seconds: number;
  readonly repeat: number;
}

const KINDS: readonly CallbackKind[] = ['forged', 'duplicate', 'fresh'];
const EXPECTED: Readonly<Record<CallbackKind, string>> = {
  forged: '404',
  duplicate: '202',
  fresh: '202',
};
/** Receiver over bare route: a digest and a look-up or two for each request, against nothing. */
const LEAST_RATIO: Readonly<Record<CallbackKind, number>> = {
  forged: 0.4,
  duplicate: 0.2,
  fresh: 0.2,
};
/** Submissions that a load of fresh callbacks goes through; it must not come to their end. */
const FRESH_PER_SECOND = 20_000;

export function startLoad(): Promise<LoadProcess> {
  return startBenchProcess<LoadQuestion, LoadAnswer>('./load-process.js', import.meta.url);
}

/** Requests per second of the receiver, beside a route that answers 202 and does nothing else. */
export async function measureThroughput(
  load: LoadProcess,
  options: ThroughputOptions,
  report: Report,
): Promise<void> {
  const secret = randomBytes(32).toString('hex');
  const receivers: Receiver[] = [];
  try {
    const open = async (side: Side): Promise<string> => {
      const receiver: Receiver = await startBenchProcess('./receiver-process.js', import.meta.url);
      receivers.push(receiver);
      return (await receiver.ask({ side, secret })).origin;
    };
    const origins = { ours: await open('ours'), bare: await open('bare') };
    for (const kind of KINDS) await measureKind({ kind, secret, origins, load, options }, report);
  } finally {
    for (const receiver of receivers) await receiver.stop();
  }
}

interface KindScene {
  readonly kind: CallbackKind;
  readonly secret: string;
  readonly origins: Readonly<Record<Side, string>>;
  readonly load: LoadProcess;
  readonly options: ThroughputOptions;
}

/** Ours and the bare one take turns; the first pair warms up and is not counted. */
async function measureKind(scene: KindScene, report: Report): Promise<void> {
  const { kind, options } = scene;
  const turns: Record<Side, LoadAnswer>[] = [];
  for (let turn = 0; turn <= options.repeat; turn += 1) {
    const ours = await loadOnce(scene, 'ours', turn);
    const bare = await loadOnce(scene, 'bare', turn);
    if (turn > 0) turns.push({ ours, bare });
  }
  const middle = (of: (turn: Record<Side, LoadAnswer>) => number): number => median(turns.map(of));
  const name = `callback.${kind}`;
  report.add({
    name: `${name}.per_second`,
    value: middle(({ ours }) => ours.perSecond),
    unit: '1/s',
  });
  report.add({ name: `${name}.p99`, value: middle(({ ours }) => ours.p99Ms), unit: 'ms' });
  report.add({
    name: `${name}.bare_per_second`,
    value: middle(({ bare }) => bare.perSecond),
    unit: '1/s',
  });
  report.add(
    {
      name: `${name}.ratio`,
      value: middle(({ ours, bare }) => ours.perSecond / bare.perSecond),
      unit: '',
    },
    { kind: 'at least', value: LEAST_RATIO[kind] },
  );
}

async function loadOnce(scene: KindScene, side: Side, turn: number): Promise<LoadAnswer> {
  const { kind, secret, origins, load, options } = scene;
  const toPath = createPaths(secret);
  const count = kind === 'fresh' ? options.seconds * FRESH_PER_SECOND : 1;
  const first = turn * count + 1;
  const paths = Array.from({ length: count }, (_, index) => toPath(kind, first + index));
  const answer = await load.ask({ origin: origins[side], seconds: options.seconds, paths });
  const expected = side === 'bare' ? '202' : EXPECTED[kind];
  const others = Object.keys(answer.statuses).filter((status) => status !== expected);
  if (others.length > 0) throw new Error(`${side} answered ${kind} with ${others.join(', ')}`);
  return answer;
}
