import type { Report } from '../figures.ts';
import { median } from '../figures.ts';
import { MIB } from '../sizes.ts';
import type { OurSide } from './our-side.ts';
import { describePhases } from './phases.ts';
import { runTool } from './run-tool.ts';
import type { Scene } from './scene.ts';
import { urlOf } from './scene.ts';
import type { Transfer } from './transfer.ts';

export interface Comparison {
  /** Prefix of the figures, e.g. `download.file`. */
  readonly name: string;
  readonly ours: OurSide;
  /** The same file, the plain way. */
  readonly baseline: (url: string) => Promise<Transfer>;
  /** Least ratio of the throughputs. */
  readonly leastRatio: number;
}

const MOST_GROWTH_MIB = 64;
const AT_ONCE = 8;

/** Measures both sides in turns, then eight downloads at once. */
export async function compare(
  scene: Scene,
  { name, ours, baseline, leastRatio }: Comparison,
  report: Report,
): Promise<void> {
  const { size, repeat } = scene.options;
  const url = urlOf(scene, size);
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  const growths: number[] = [];
  const storeOurs = async (): Promise<Transfer> => {
    const { transfers, growthMib } = await ours.store(url);
    growths.push(growthMib);
    return only(transfers);
  };
  for (let pair = 0; pair < repeat; pair += 1) {
    const sides = await inTurns(pair, storeOurs, () => baseline(url));
    if (sides.ours.sha256 !== sides.theirs.sha256) throw new Error('the two sides differ in bytes');
    pairs.push({ ours: sides.ours.seconds, theirs: sides.theirs.seconds });
    report.note(`${name} ${pair + 1}/${repeat}: ${describe(sides)}`);
  }
  const throughput = (seconds: number): number => size / MIB / seconds;
  const add = (figure: string, value: number, unit: string): void =>
    report.add({ name: `${name}.${figure}`, value, unit });
  add('ours', throughput(median(pairs.map((pair) => pair.ours))), 'MiB/s');
  add('baseline', throughput(median(pairs.map((pair) => pair.theirs))), 'MiB/s');
  report.add(
    {
      name: `${name}.ratio`,
      value: median(pairs.map((pair) => pair.theirs / pair.ours)),
      unit: '',
    },
    { kind: 'at least', value: leastRatio },
  );
  const mostGrowth = { kind: 'at most', value: MOST_GROWTH_MIB } as const;
  report.add({ name: `${name}.rss_growth`, value: Math.max(...growths), unit: 'MiB' }, mostGrowth);

  await settle();
  const quarter = urlOf(scene, Math.ceil(size / 4));
  const { transfers, growthMib } = await ours.store(...Array<string>(AT_ONCE).fill(quarter));
  const seconds = Math.max(...transfers.map((transfer) => transfer.seconds));
  add('parallel8.ours', (AT_ONCE * throughput(seconds)) / 4, 'MiB/s');
  report.add({ name: `${name}.parallel8.rss_growth`, value: growthMib, unit: 'MiB' }, mostGrowth);
}

/** Whoever goes first may find the machine in a better state, so the first changes. */
async function inTurns(
  pair: number,
  storeOurs: () => Promise<Transfer>,
  storeTheirs: () => Promise<Transfer>,
): Promise<{ readonly ours: Transfer; readonly theirs: Transfer }> {
  await settle();
  if (pair % 2 === 0) {
    const ours = await storeOurs();
    await settle();
    return { ours, theirs: await storeTheirs() };
  }
  const theirs = await storeTheirs();
  await settle();
  return { ours: await storeOurs(), theirs };
}

/** What the other side left to be written must not slow this one. */
async function settle(): Promise<void> {
  await runTool('sync');
}

function describe({
  ours,
  theirs,
}: {
  readonly ours: Transfer;
  readonly theirs: Transfer;
}): string {
  const phases = ours.phases === undefined ? '' : ` (${describePhases(ours.phases)})`;
  return `ours ${ours.seconds.toFixed(2)} s${phases}, theirs ${theirs.seconds.toFixed(2)} s`;
}

function only(transfers: readonly Transfer[]): Transfer {
  const [transfer] = transfers;
  if (transfer === undefined) throw new Error('nothing was stored');
  return transfer;
}
