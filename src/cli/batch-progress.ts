import type { BatchState } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { countDone, describeSpent, isBatchEnd } from './batch-state.ts';
import { formatDuration } from './format.ts';
import { say } from './host.ts';
import { createProgressLine } from './progress-line.ts';
import type { Terminal } from './terminal.ts';

/** Shows a batch while it goes on, on stderr. */
export interface BatchProgress {
  /** `held`: jobs in flight that wait for a person. */
  show(state: BatchState, held: number): void;
  /** A line that stays. */
  note(text: string): void;
  close(): void;
}

/** How fast items end, over the last while. */
export interface Rate {
  readonly perMinute: number;
  readonly leftMs: number;
}

const BAR_WIDTH = 20;
/** Where nobody looks at it live, a line this often. */
const PLAIN_EVERY_MS = 10_000;
const RATE_OVER_MS = 120_000;

/** One line that is rewritten where a person looks at it live; elsewhere a line every ten seconds. */
export function createBatchProgress(terminal: Terminal, clock: Clock = Date.now): BatchProgress {
  const line = createProgressLine(terminal);
  const rate = createRate(clock);
  const isLive = terminal.stderr.isTerminal;
  let shownAtMs = -Infinity;
  let shownStatus = '';
  return {
    show: (state, held) => {
      const speed = rate(state);
      const text = describeBatch(state, held, speed);
      if (isLive) {
        line.show(text.length < terminal.stderr.columns ? text : describeShort(state, held, speed));
        return;
      }
      const isDue = clock() - shownAtMs >= PLAIN_EVERY_MS || isBatchEnd(state.status);
      if (!isDue && state.status === shownStatus) return;
      shownAtMs = clock();
      shownStatus = state.status;
      say(terminal, `batch ${state.batch}: ${text}`);
    },
    note: (text) => {
      line.close();
      say(terminal, text);
    },
    close: () => line.close(),
  };
}

/** `running  ████░░░░ 45 %  45 of 100 done, 50 in flight, 5 waiting, 2 failed  4.05 USD  30/min, 2 min 0 s left` */
export function describeBatch(state: BatchState, held: number, rate: Rate | undefined): string {
  const { status, items, inFlight, waiting, failed, expired } = state;
  const done = countDone(state);
  const percent = toPercent(done, items);
  const counts = [
    `${String(done)} of ${String(items)} done`,
    `${String(inFlight)} in flight`,
    `${String(waiting)} waiting`,
    `${String(failed + expired)} failed`,
    held === 0 ? undefined : `${String(held)} held`,
  ].filter((count) => count !== undefined);
  return [
    status,
    `${bar(percent)} ${String(percent)} %`,
    counts.join(', '),
    describeSpent(state),
    rate === undefined ? '' : describeRate(rate),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** For a narrow terminal: `running  45 %  45/100 done, 50 in flight, 2 failed  4.05 USD  2 min 0 s left` */
function describeShort(state: BatchState, held: number, rate: Rate | undefined): string {
  const { status, items, inFlight, failed, expired } = state;
  const done = countDone(state);
  const counts = [
    `${String(done)}/${String(items)} done`,
    `${String(inFlight)} in flight`,
    `${String(failed + expired)} failed`,
    ...(held === 0 ? [] : [`${String(held)} held`]),
  ];
  return [
    status,
    `${String(toPercent(done, items))} %`,
    counts.join(', '),
    describeSpent(state),
    rate === undefined ? '' : `${formatDuration(rate.leftMs)} left`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function toPercent(done: number, items: number): number {
  return items === 0 ? 100 : Math.floor((done / items) * 100);
}

function describeRate({ perMinute, leftMs }: Rate): string {
  const shown = perMinute < 10 ? perMinute.toFixed(1) : perMinute.toFixed(0);
  return `${shown}/min, ${formatDuration(leftMs)} left`;
}

function bar(percent: number): string {
  const full = Math.round((percent / 100) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

/** Items that ended before the first look do not count: another command may have begun hours ago. */
function createRate(clock: Clock): (state: BatchState) => Rate | undefined {
  let samples: { readonly atMs: number; readonly done: number }[] = [];
  return (state) => {
    const now = { atMs: clock(), done: countDone(state) };
    samples = [...samples.filter(({ atMs }) => now.atMs - atMs <= RATE_OVER_MS), now];
    const [first] = samples;
    if (first === undefined || isBatchEnd(state.status)) return undefined;
    const ended = now.done - first.done;
    const tookMs = now.atMs - first.atMs;
    if (ended <= 0 || tookMs <= 0) return undefined;
    return {
      perMinute: (ended / tookMs) * 60_000,
      leftMs: ((state.items - now.done) / ended) * tookMs,
    };
  };
}
