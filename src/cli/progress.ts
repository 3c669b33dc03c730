import type { Clock } from '../core/clock.ts';
import type { JobState } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import { formatMoney } from '../core/money.ts';
import { formatDuration } from './format.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** Shows a job while it goes on, on stderr. */
export interface ProgressView {
  show(state: JobState): void;
  /** A line that stays. */
  note(text: string): void;
  close(): void;
}

const REDRAW_MS = 1_000;
const BAR_WIDTH = 20;
const CLEAR_LINE = '\r\u001b[2K';

/** One line that is rewritten where a person looks at it live; elsewhere a line whenever something changed. */
export function createProgressView(terminal: Terminal, clock: Clock = Date.now): ProgressView {
  return terminal.stderr.isTerminal ? liveView(terminal, clock) : plainView(terminal);
}

function liveView(terminal: Terminal, clock: Clock): ProgressView {
  const { stderr } = terminal;
  let current: JobState | undefined;
  const draw = (): void => {
    if (current === undefined) return;
    const line = describeLive(current, clock()).slice(0, stderr.columns - 1);
    stderr.write(CLEAR_LINE + paint(terminal, stderr, 'cyan', line));
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    show: (state) => {
      current = state;
      draw();
    },
    note: (text) => {
      stderr.write(`${CLEAR_LINE}${text}\n`);
      draw();
    },
    close: () => {
      clearInterval(timer);
      if (current !== undefined) stderr.write(CLEAR_LINE);
      current = undefined;
    },
  };
}

function plainView({ stderr }: Terminal): ProgressView {
  let shown = '';
  return {
    show: (state) => {
      const line = describePlain(state);
      if (line !== shown) stderr.write(`${line}\n`);
      shown = line;
    },
    note: (text) => stderr.write(`${text}\n`),
    close: () => undefined,
  };
}

/** `running  ████░░░░ 45 %  3 polls, next in 8 s  1 min 2 s  0.45 USD` */
export function describeLive(state: JobState, nowMs: number): string {
  const { status, hold, progress, polls, nextPollAt, startedAt, cost } = state;
  const untilNext = nextPollAt === null ? undefined : Date.parse(nextPollAt) - nowMs;
  const next = untilNext === undefined ? '' : `, next in ${formatDuration(untilNext)}`;
  return [
    hold === null || status === 'held' ? status : `${status}, hold: ${hold.reason}`,
    progress === null ? undefined : `${bar(progress)} ${String(progress)} %`,
    `${String(polls)} ${polls === 1 ? 'poll' : 'polls'}${next}`,
    formatDuration(nowMs - Date.parse(startedAt)),
    cost === null ? undefined : formatMoney(cost),
  ]
    .filter((part) => part !== undefined)
    .join('  ');
}

function describePlain(state: JobState): string {
  const { jobId, status, progress, taskId, hold, cancelRequestedAt } = state;
  const facts = [
    progress === null || isEndStatus(status) ? undefined : `${String(progress)} %`,
    taskId === null ? undefined : `task ${taskId}`,
    hold === null ? undefined : `hold: ${hold.reason}`,
    cancelRequestedAt === undefined ? undefined : 'cancel requested',
    status === 'submitting' || status === 'storing' ? state.history.at(-1)?.note : undefined,
  ].filter((fact) => fact !== undefined);
  return [`job ${jobId}: ${status}`, ...facts].join(', ');
}

function bar(percent: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}
