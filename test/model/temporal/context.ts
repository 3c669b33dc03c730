import { AsyncLocalStorage } from 'node:async_hooks';
import type { Moment } from '../virtual-time.ts';

/** Whose code is running: a workflow's or an activity's. Follows every await, as the SDK's own contexts do. */
export interface CodeContext {
  /** The clock this code sees, milliseconds since 1970. */
  wallMs(): number;
  /** Milliseconds; stands still while the process is paused. */
  monotonicMs(): number;
  setTimer(delayMs: number, run: () => void): Moment;
}

const storage = new AsyncLocalStorage<CodeContext>();

export function currentContext(): CodeContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: CodeContext, run: () => T): T {
  return storage.run(context, run);
}
