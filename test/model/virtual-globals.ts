import { currentContext, runInContext } from './temporal/context.ts';
import type { VirtualTime } from './virtual-time.ts';

const REAL = {
  Date,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  performance,
  random: Math.random,
  abortAfter: AbortSignal.timeout,
};

/** The run whose time the process shows. */
let shown: { readonly time: VirtualTime; readonly random: () => number } | undefined;

class VirtualDate extends REAL.Date {
  constructor(...values: [] | [number | string | Date]) {
    if (values.length === 0) super(wallMs());
    else super(values[0]);
  }

  static override now(): number {
    return wallMs();
  }
}

/**
 * Puts virtual time behind every clock and timer that product code reaches: a workflow sees the time of its activation,
 * an activity the clock of its process, everybody else the run's own time.
 */
export function installVirtualGlobals(): void {
  globalThis.Date = VirtualDate as DateConstructor;
  globalThis.setTimeout = virtualTimeout as unknown as typeof setTimeout;
  globalThis.setInterval = virtualInterval as unknown as typeof setInterval;
  globalThis.clearTimeout = cancelTimer;
  globalThis.clearInterval = cancelTimer;
  globalThis.performance = { now: monotonicMs } as typeof performance;
  Math.random = () => (shown === undefined ? REAL.random() : shown.random());
  AbortSignal.timeout = abortAfter;
}

export function restoreGlobals(): void {
  globalThis.Date = REAL.Date;
  globalThis.setTimeout = REAL.setTimeout;
  globalThis.clearTimeout = REAL.clearTimeout;
  globalThis.setInterval = REAL.setInterval;
  globalThis.clearInterval = REAL.clearInterval;
  globalThis.performance = REAL.performance;
  Math.random = REAL.random;
  AbortSignal.timeout = REAL.abortAfter;
}

/** Milliseconds of the machine's own clock, for measuring the harness itself. */
export function realNowMs(): number {
  return REAL.performance.now();
}

export function showTime(time: VirtualTime, random: () => number): void {
  shown = { time, random };
}

function wallMs(): number {
  return currentContext()?.wallMs() ?? shown?.time.nowMs ?? REAL.Date.now();
}

function monotonicMs(): number {
  return currentContext()?.monotonicMs() ?? shown?.time.nowMs ?? REAL.performance.now();
}

function virtualTimeout(run: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]) {
  const call = (): void => run(...values);
  const context = currentContext();
  // A timer runs in the context that set it, as everywhere in Node.
  if (context !== undefined) {
    return context.setTimer(delayMs, () => runInContext(context, call));
  }
  if (shown === undefined) throw new Error('no run is being shown: there is no virtual time');
  return shown.time.after(delayMs, call);
}

function virtualInterval(run: () => void, delayMs: number): { readonly cancel: () => void } {
  let isOver = false;
  const next = (): void => {
    virtualTimeout(() => {
      if (isOver) return;
      run();
      next();
    }, delayMs);
  };
  next();
  return {
    cancel: () => {
      isOver = true;
    },
  };
}

function cancelTimer(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null || !('cancel' in timer)) return;
  (timer as { cancel: () => void }).cancel();
}

function abortAfter(delayMs: number): AbortSignal {
  const controller = new AbortController();
  virtualTimeout(() => controller.abort(new Error(`${delayMs} ms are over`)), delayMs);
  return controller.signal;
}
