import type { JobInput } from '../../../src/core/job.ts';
import type { JobRuns, RunState } from '../../../src/core/job-runs.ts';
import type { SubmissionId } from '../../../src/core/ledger.ts';

type Closing = Extract<RunState, { kind: 'closed' }>['how'];

/** Workflows of jobs as a test tells them, with the rules of a server for starting and signalling. */
export class ScriptedRuns implements JobRuns {
  readonly started: { readonly jobId: string; readonly input: JobInput }[] = [];
  readonly notified: SubmissionId[] = [];
  /** What every call throws, where the server is away. */
  trouble: Error | undefined;
  readonly #states = new Map<string, RunState>();

  run(jobId: string, historyLength: number = 12): void {
    this.#states.set(jobId, { kind: 'running', historyLength });
  }

  close(jobId: string, how: Closing): void {
    this.#states.set(jobId, { kind: 'closed', how });
  }

  forget(jobId: string): void {
    this.#states.delete(jobId);
  }

  async state(jobId: string): Promise<RunState> {
    this.#refuseWhenAway();
    return this.#states.get(jobId) ?? { kind: 'missing' };
  }

  async startAgain(jobId: string, input: JobInput): Promise<'started' | 'refused'> {
    const state = await this.state(jobId);
    if (state.kind === 'running') return 'refused';
    if (state.kind === 'closed' && state.how === 'completed') return 'refused';
    this.started.push({ jobId, input });
    this.run(jobId);
    return 'started';
  }

  async notify(jobId: string, number: number): Promise<boolean> {
    const state = await this.state(jobId);
    if (state.kind !== 'running') return false;
    this.notified.push({ jobId, number });
    return true;
  }

  #refuseWhenAway(): void {
    if (this.trouble !== undefined) throw this.trouble;
  }
}
