import type { Moment } from '../virtual-time.ts';
import type { CancellationScope } from './cancellation-scope.ts';
import type { CodeContext } from './context.ts';
import type { WorkflowInstance } from './workflow-instance.ts';

/** Workflow code inside one of its cancellation scopes. */
export class WorkflowContext implements CodeContext {
  readonly instance: WorkflowInstance;
  readonly scope: CancellationScope;

  constructor(instance: WorkflowInstance, scope: CancellationScope) {
    this.instance = instance;
    this.scope = scope;
  }

  wallMs(): number {
    return this.instance.nowMs;
  }

  monotonicMs(): number {
    return this.instance.nowMs;
  }

  setTimer(): Moment {
    throw new Error('workflow code sets timers with sleep and condition');
  }
}
