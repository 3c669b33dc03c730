import { ms } from './duration.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { currentContext } from './context.ts';
import { WorkflowContext } from './workflow-context.ts';
import type { ActivityOptions, WorkflowInstance } from './workflow-instance.ts';

/**
 * Stands in for `@temporalio/workflow` in this project's tests: the same names, the same order of events, run by
 * {@link WorkflowInstance} instead of a sandbox. Only what product code uses is here.
 */
export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  defineSearchAttributeKey,
  TimeoutFailure,
} from '@temporalio/common';
export { CancellationScope, isCancellation } from './cancellation-scope.ts';

function current(): WorkflowInstance {
  const context = currentContext();
  if (context instanceof WorkflowContext) return context.instance;
  throw new Error('this is not workflow code');
}

type Steps = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

export function proxyActivities(options: ActivityOptions): Steps {
  return toSteps(options, false);
}

export function proxyLocalActivities(options: ActivityOptions): Steps {
  return toSteps(options, true);
}

function toSteps(options: ActivityOptions, isLocal: boolean): Steps {
  if (options.scheduleToCloseTimeout === undefined && options.startToCloseTimeout === undefined) {
    throw new TypeError('Required either scheduleToCloseTimeout or startToCloseTimeout');
  }
  return new Proxy<Steps>(
    {},
    {
      get: (_, type) =>
        typeof type === 'string'
          ? (...args: readonly unknown[]) => schedule(type, args, options, isLocal)
          : undefined,
    },
  );
}

function schedule(
  type: string,
  args: readonly unknown[],
  options: ActivityOptions,
  isLocal: boolean,
): Promise<unknown> {
  const instance = current();
  const seq = instance.nextSeq();
  return new Promise((resolve, reject) => {
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) {
      scope.cancelRequested.catch(reject);
      return;
    }
    if (scope.cancellable) {
      scope.cancelRequested.catch(() => {
        if (instance.activities.has(seq)) instance.push({ kind: 'cancelActivity', seq });
      });
    }
    const command = { kind: 'scheduleActivity', seq, type, args, options, isLocal } as const;
    instance.push(command);
    instance.activities.set(seq, { resolve, reject, command });
  });
}

export function sleep(duration: number | string): Promise<void> {
  const instance = current();
  const seq = instance.nextSeq();
  const durationMs = Math.max(1, ms(duration));
  return new Promise((resolve, reject) => {
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) {
      scope.cancelRequested.catch(reject);
      return;
    }
    if (scope.cancellable) {
      scope.cancelRequested.catch((reason: unknown) => {
        if (!instance.timers.delete(seq)) return;
        instance.push({ kind: 'cancelTimer', seq });
        reject(toError(reason));
      });
    }
    instance.push({ kind: 'startTimer', seq, durationMs });
    const firesAtMs = instance.nowMs + durationMs;
    instance.timers.set(seq, { resolve: () => resolve(), reject, firesAtMs });
  });
}

export async function condition(
  fn: () => boolean,
  timeout?: number | string,
): Promise<boolean | undefined> {
  if (timeout === undefined) {
    await untilTrue(fn);
    return undefined;
  }
  return CancellationScope.cancellable(async () => {
    try {
      return await Promise.race([sleep(timeout).then(() => false), untilTrue(fn).then(() => true)]);
    } finally {
      CancellationScope.current().cancel();
    }
  });
}

function untilTrue(fn: () => boolean): Promise<void> {
  const instance = current();
  return new Promise((resolve, reject) => {
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) {
      scope.cancelRequested.catch(reject);
      return;
    }
    const seq = instance.nextSeq();
    if (scope.cancellable) {
      scope.cancelRequested.catch((reason: unknown) => {
        instance.conditions.delete(seq);
        reject(toError(reason));
      });
    }
    if (fn()) {
      resolve();
      return;
    }
    instance.conditions.set(seq, { fn, resolve });
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

interface Definition {
  readonly type: 'signal' | 'update' | 'query';
  readonly name: string;
}

export function defineSignal(name: string): Definition {
  return { type: 'signal', name };
}

export function defineUpdate(name: string): Definition {
  return { type: 'update', name };
}

export function defineQuery(name: string): Definition {
  return { type: 'query', name };
}

export function setHandler(
  definition: Definition,
  handler: (...args: readonly unknown[]) => unknown,
  options: { readonly validator?: (...args: readonly unknown[]) => void } = {},
): void {
  const instance = current();
  const { name, type } = definition;
  switch (type) {
    case 'query':
      instance.queries.set(name, handler);
      return;
    case 'signal':
      instance.signals.set(name, handler);
      break;
    case 'update':
      instance.updates.set(name, { handler, validator: options.validator });
  }
  instance.deliverEarly(type, name);
}

export function allHandlersFinished(): boolean {
  return current().areHandlersFinished;
}

export function workflowInfo(): {
  readonly workflowId: string;
  readonly runId: string;
  readonly startTime: Date;
  readonly historyLength: number;
} {
  const { workflowId, runId, startMs } = current().start;
  return { workflowId, runId, startTime: new Date(startMs), historyLength: 0 };
}

export function uuid4(): string {
  return current().random.uuid();
}

export function patched(): boolean {
  return true;
}

export function deprecatePatch(): void {
  current();
}

export function setCurrentDetails(): void {
  current();
}

export function upsertSearchAttributes(): void {
  current();
}

/** Metrics leave the workflow through a sink, and nobody listens here. */
export const metricMeter = {
  createCounter: () => ({ add: () => undefined }),
};
