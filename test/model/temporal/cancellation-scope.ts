import { ActivityFailure, CancelledFailure } from '@temporalio/common';
import { currentContext, runInContext } from './context.ts';
import { WorkflowContext } from './workflow-context.ts';
import type { WorkflowInstance } from './workflow-instance.ts';

export interface CancellationScopeOptions {
  readonly cancellable?: boolean;
  readonly parent?: CancellationScope;
}

/**
 * The SDK's tree of scopes: a request travels down through cancellable scopes and stops at a non-cancellable one, whose
 * own `cancelRequested` may still throw.
 */
export class CancellationScope {
  readonly cancellable: boolean;
  readonly cancelRequested: Promise<never>;
  readonly #context: WorkflowContext;
  #isRequested = false;
  #reject: (reason: Error) => void = () => undefined;

  constructor(options: CancellationScopeOptions = {}, root?: WorkflowInstance) {
    this.cancellable = options.cancellable ?? true;
    this.cancelRequested = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    this.cancelRequested.catch(() => undefined);
    if (root !== undefined) {
      this.#context = new WorkflowContext(root, this);
      return;
    }
    const parent = options.parent ?? CancellationScope.current();
    this.#context = new WorkflowContext(parent.#context.instance, this);
    if (!parent.cancellable) return;
    this.#isRequested = parent.#isRequested;
    parent.cancelRequested.catch((reason: unknown) => this.#request(reason as Error));
  }

  get consideredCancelled(): boolean {
    return this.#isRequested && this.cancellable;
  }

  run<T>(run: () => Promise<T>): Promise<T> {
    return runInContext(this.#context, async () => await run());
  }

  /** Runs what must start in this turn, such as a handler. */
  enter<T>(run: () => T): T {
    return runInContext(this.#context, run);
  }

  cancel(): void {
    this.#request(new CancelledFailure('Cancellation scope cancelled'));
  }

  static current(): CancellationScope {
    const context = currentContext();
    if (context instanceof WorkflowContext) return context.scope;
    throw new Error('this is not workflow code: there is no cancellation scope');
  }

  static cancellable<T>(run: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: true }).run(run);
  }

  static nonCancellable<T>(run: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: false }).run(run);
  }

  #request(reason: Error): void {
    this.#isRequested = true;
    this.#reject(reason);
  }
}

export function isCancellation(error: unknown): boolean {
  return (
    error instanceof CancelledFailure ||
    (error instanceof ActivityFailure && error.cause instanceof CancelledFailure)
  );
}
