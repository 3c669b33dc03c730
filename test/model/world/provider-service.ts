import { isTerminal } from '../../../src/core/provider.ts';
import type { Snapshot, TaskOutput, TaskSummary } from '../../../src/core/provider.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** What becomes of a task, decided when it is created. Times in milliseconds. */
export interface TaskScript {
  readonly runsForMs: number;
  readonly end: 'succeeded' | 'failed' | 'failed without proof' | 'expired';
  readonly outputs: number;
  readonly seconds: number;
  /** How long the list does not show it. */
  readonly listLagMs: number;
  /** How long a reading does not find it. */
  readonly readLagMs: number;
}

/** Who sent a create: known to the judge, never to anybody who asks the service. */
export interface Sender {
  readonly jobId: string;
  readonly number: number;
  readonly keyId: string;
  readonly model: string;
}

/** One accepted create. */
export interface Create extends Sender {
  readonly taskId: string;
  readonly acceptedAtMs: number;
  readonly script: TaskScript;
  /** False for one whose reply named no id. */
  readonly isListed: boolean;
}

export interface ServiceOptions {
  readonly time: VirtualTime;
  readonly name: string;
  readonly taskLifeMs: number;
  readonly urlLifeMs: number;
}

/**
 * The provider behind the wire: the append-only log of what it accepted, which is the ground truth of every run, and the
 * tasks as it shows them.
 */
export class ProviderService {
  readonly creates: Create[] = [];
  /** How many POSTs arrived for each submission, accepted or not. */
  readonly posts: Map<string, number> = new Map();
  /** Results that a cancel destroyed although a reading had shown the task finished: they were paid for. */
  readonly destroyed: string[] = [];
  readonly #options: ServiceOptions;
  readonly #byId = new Map<string, Create>();
  readonly #cancelled = new Set<string>();
  readonly #deleted = new Set<string>();
  readonly #seenFinished = new Set<string>();

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** The bytes of a POST are here. */
  receive({ jobId, number }: Sender): void {
    const key = `submission ${number} of job ${jobId}`;
    this.posts.set(key, (this.posts.get(key) ?? 0) + 1);
  }

  /** Somebody else of the same user creates a task. */
  acceptForeign(model: string, script: TaskScript): void {
    this.accept({ jobId: FOREIGN, number: 1, keyId: 'key of somebody else', model }, script);
  }

  accept(sender: Sender, script: TaskScript, isListed = true): Create {
    const taskId = `${this.#options.name}-task-${this.creates.length + 1}`;
    const create = { ...sender, taskId, script, isListed, acceptedAtMs: this.#nowMs };
    this.creates.push(create);
    this.#byId.set(taskId, create);
    return create;
  }

  find(taskId: string): Create | undefined {
    return this.#byId.get(taskId);
  }

  /** The task as a key sees it; `undefined` where it sees none. `keyId` absent: any key of the user. */
  read(taskId: string, keyId: string | undefined): Snapshot | undefined {
    const create = this.#byId.get(taskId);
    if (create === undefined || !create.isListed || this.#deleted.has(taskId)) return undefined;
    const ageMs = this.#nowMs - create.acceptedAtMs;
    if (ageMs < create.script.readLagMs || ageMs > this.#options.taskLifeMs) return undefined;
    if (keyId !== undefined && create.keyId !== keyId) return undefined;
    const snapshot = this.snapshot(create);
    if (isTerminal(snapshot.status)) this.#seenFinished.add(taskId);
    return snapshot;
  }

  snapshot(create: Create): Snapshot {
    const { script, taskId } = create;
    if (this.#cancelled.has(taskId)) return { status: 'cancelled', providerStatus: 'CANCELLED' };
    const ageMs = this.#nowMs - create.acceptedAtMs;
    if (ageMs < script.runsForMs / 4) return { status: 'queued', providerStatus: 'QUEUED' };
    if (ageMs < script.runsForMs) {
      return { status: 'running', providerStatus: 'RUNNING', progress: 50 };
    }
    return this.finished(create);
  }

  /** How the task ends, whatever the time. */
  finished({ taskId, script }: Create): Snapshot {
    const failed = {
      code: 'provider.generation_failed',
      message: `task ${taskId} failed`,
      details: {},
    } as const;
    switch (script.end) {
      case 'succeeded': {
        const outputs = Array.from({ length: script.outputs }, (_, index): TaskOutput => ({
          source: 'url',
          url: `https://media.test/${taskId}/${index}`,
          kind: 'video',
        }));
        return { status: 'succeeded', providerStatus: 'SUCCESS', outputs };
      }
      case 'failed':
        return { status: 'failed', providerStatus: 'FAILED', error: failed };
      case 'failed without proof':
        return {
          status: 'failed',
          providerStatus: 'FAILED',
          error: failed,
          failureProvesNoCharge: false,
        };
      case 'expired':
        return { status: 'expired', providerStatus: 'EXPIRED' };
    }
  }

  /** Newest first, by position: the order of acceptance. */
  list(limit: number): { readonly tasks: readonly TaskSummary[]; readonly isWholePage: boolean } {
    const shown: TaskSummary[] = [];
    for (let index = this.creates.length - 1; index >= 0 && shown.length < limit; index -= 1) {
      const create = this.creates[index];
      if (create === undefined || !create.isListed) continue;
      if (this.#nowMs - create.acceptedAtMs < create.script.listLagMs) continue;
      const { taskId, model, acceptedAtMs } = create;
      const { status } = this.snapshot(create);
      shown.push({ taskId, model, status, createdAt: new Date(acceptedAtMs).toISOString() });
    }
    return { tasks: shown, isWholePage: shown.length === limit };
  }

  /** Stops a task. One that has finished is deleted with its output, which nobody can rule out between two calls. */
  cancel(taskId: string): 'requested' | 'refused' {
    const create = this.#byId.get(taskId);
    if (create === undefined || this.#cancelled.has(taskId)) return 'refused';
    if (isTerminal(this.snapshot(create).status)) {
      if (this.#seenFinished.has(taskId)) this.destroyed.push(taskId);
      this.#deleted.add(taskId);
      return 'refused';
    }
    this.#cancelled.add(taskId);
    return 'requested';
  }

  /** True where the provider will bill the task. */
  isBilled(create: Create): boolean {
    return create.script.end === 'succeeded' && !this.#cancelled.has(create.taskId);
  }

  isUrlAlive({ taskId, acceptedAtMs, script }: Create): boolean {
    if (this.#deleted.has(taskId)) return false;
    return this.#nowMs < acceptedAtMs + script.runsForMs + this.#options.urlLifeMs;
  }

  get #nowMs(): number {
    return this.#options.time.nowMs;
  }
}

/** In place of a job, for creates that are none of ours. */
export const FOREIGN = 'somebody else';

const END = ' END';

/** The one true content of an output. */
export function mediaOf(create: Create, index: number): Uint8Array {
  return Buffer.from(`video ${create.taskId} output ${index}, ${create.script.seconds} s${END}`);
}

/** Seconds of a whole media file; `undefined` for one that is not whole. */
export function secondsOf(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.endsWith(END)) return undefined;
  const seconds = /, (?<seconds>[\d.]+) s END$/.exec(text)?.groups?.['seconds'];
  return seconds === undefined ? undefined : Number(seconds);
}
