import { condition } from '@temporalio/workflow';
import type { AcceptedTask, StoreStep } from '../activities/index.ts';
import { leastDownloadMs, raise, toClockMoments, toUrgency } from '../core/clocks.ts';
import type { ClockMoments } from '../core/clocks.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Artifact, HoldReason } from '../core/job.ts';
import type { Snapshot, TaskOutput } from '../core/provider.ts';
import { toEarlyEnd, toErrorReport } from '../failures.ts';
import { countUrgent } from './alerts.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { readAgain } from './read-again.ts';
import { runUntil } from './run-until.ts';
import { storeStep } from './steps.ts';

export interface StoringTask {
  readonly task: AcceptedTask;
  readonly number: number;
  readonly armedAtMs: number;
  readonly snapshot: Snapshot;
  /** The URL's life counts from here. Milliseconds since 1970. */
  readonly lastUnfinishedAtMs: number;
}

export interface StoredOutputs {
  readonly artifacts: readonly Artifact[];
  /** Why an output is missing; the first of them where several are. */
  readonly error: ErrorReport | null;
  /** True where `job.json` lies beside them. */
  readonly isDescribed: boolean;
}

/** Codes that a fresh reading of the task may heal: it may bring a new URL. */
const HEALED_BY_READING: ReadonlySet<string> = new Set([
  'provider.output_expired',
  'provider.output_invalid',
]);

/** Stores every output of a succeeded task, side by side; what was stored stays, whatever becomes of the others. */
export async function storeOutputs(
  storing: StoringTask,
  record: JobRecord,
  control: JobControl,
): Promise<StoredOutputs> {
  const outputs = await requireOutputs(storing, record);
  const storer = new OutputStorer(storing, record, control);
  storer.begin(outputs.length);
  if (outputs.length === 0) {
    return { artifacts: [], error: noOutput(storing.task.taskId), isDescribed: false };
  }
  const stored = await Promise.all(outputs.map((output, index) => storer.store(index, output)));
  return {
    artifacts: stored.filter((item): item is Artifact => 'sha256' in item),
    error: stored.find((item): item is ErrorReport => 'code' in item) ?? null,
    isDescribed: storer.isDescribed,
  };
}

/** An answer that ends the task without naming an output may be read a moment too early. */
async function requireOutputs(
  { task, number, snapshot }: StoringTask,
  record: JobRecord,
): Promise<readonly TaskOutput[]> {
  const { outputs = [] } = snapshot;
  if (outputs.length > 0) return outputs;
  record.update({}, 'the task succeeded without naming an output; it is read again');
  return (await readAgain(record, number, task)) ?? [];
}

function noOutput(taskId: string): ErrorReport {
  return {
    code: 'provider.output_invalid',
    message: `task ${taskId} succeeded without naming an output; ask the provider`,
    details: { found: 'nothing' },
  };
}

/** How one scheduled transfer ended. */
type Tried =
  | { readonly kind: 'stored'; readonly artifact: Artifact }
  /** A message wants a fresh one, or the clock a more urgent one. */
  | { readonly kind: 'replaced'; readonly atLeast?: 1 | 2 }
  | { readonly kind: 'refused'; readonly error: ErrorReport }
  /** Our own side did not store it in the time its URL was sure to live. */
  | { readonly kind: 'late'; readonly error: ErrorReport }
  /** Every attempt took its worker down. */
  | { readonly kind: 'crashing'; readonly error: ErrorReport };

class OutputStorer {
  readonly #storing: StoringTask;
  readonly #record: JobRecord;
  readonly #control: JobControl;
  readonly #held = new Set<number>();
  #urlStartMs: number;
  #isOnly = false;
  #isDescribed = false;

  constructor(storing: StoringTask, record: JobRecord, control: JobControl) {
    this.#storing = storing;
    this.#record = record;
    this.#control = control;
    // A provider's stamp may only shorten our own clock.
    const completedAtMs = Date.parse(storing.snapshot.completedAt ?? '');
    this.#urlStartMs = Number.isNaN(completedAtMs)
      ? storing.lastUnfinishedAtMs
      : Math.min(storing.lastUnfinishedAtMs, completedAtMs);
  }

  get isDescribed(): boolean {
    return this.#isDescribed;
  }

  begin(outputs: number): void {
    this.#isOnly = outputs === 1;
    const what = outputs === 1 ? '1 output is' : `${outputs} outputs are`;
    this.#record.update({ status: 'storing', progress: 100 });
    this.#showClock(`the task succeeded; ${what} to be stored`);
  }

  async store(index: number, output: TaskOutput): Promise<Artifact | ErrorReport> {
    let current = output;
    let mayReadAgain = true;
    let atLeast: 1 | 2 | undefined;
    for (;;) {
      const tried = await this.#try(index, current, atLeast);
      atLeast = tried.kind === 'replaced' ? tried.atLeast : undefined;
      if (tried.kind === 'replaced') continue;
      if (tried.kind === 'stored') return tried.artifact;
      const { kind, error } = tried;
      const isFinal = kind === 'refused' && !HEALED_BY_READING.has(error.code);
      if (isFinal) return error;
      if (mayReadAgain && kind !== 'crashing') {
        mayReadAgain = false;
        current = await this.#refresh(index, current, error);
        continue;
      }
      if (kind === 'refused') return error;
      const reason = kind === 'crashing' ? 'crashing' : 'not_stored';
      if (!(await this.#hold(index, reason, error))) return error;
      mayReadAgain = true;
    }
  }

  async #try(index: number, output: TaskOutput, atLeast: 1 | 2 | undefined): Promise<Tried> {
    const { plan } = this.#record;
    const { urlLifeSeconds } = plan.timing;
    const { urlEndsAtMs, lastSafeDownloadAtMs } = this.#moments();
    const now = Date.now();
    const lifeMs = Math.max(urlEndsAtMs - now, leastDownloadMs(urlLifeSeconds));
    const urgency = toUrgency(lastSafeDownloadAtMs - now, urlLifeSeconds, atLeast);
    if (urgency.priorityKey === 1) countUrgent(plan.account, 'download');
    const { risesInMs = lifeMs } = urgency;
    const { wakes } = this.#control;
    this.#showClock();
    try {
      const transferred = await runUntil(
        this.#control,
        () => (this.#control.wakes > wakes ? 0 : undefined),
        () =>
          storeStep(index, Math.min(lifeMs, risesInMs), urgency).storeArtifact(
            this.#step(index, output),
          ),
      );
      if (transferred.kind === 'crashing')
        return { kind: 'crashing', error: crashing(index, transferred.attempts) };
      this.#isDescribed ||= transferred.isDescribed;
      return { kind: 'stored', artifact: transferred.artifact };
    } catch (error) {
      const report = toErrorReport(error);
      switch (toEarlyEnd(error)) {
        case 'woken':
          return { kind: 'replaced' };
        case 'timed_out':
          if (risesInMs < lifeMs) return { kind: 'replaced', atLeast: raise(urgency) };
          return {
            kind: isProviders(report) ? 'refused' : 'late',
            error: outOfTime(index, report),
          };
        case undefined:
          if (report === undefined) throw error;
          return { kind: 'refused', error: report };
      }
    }
  }

  #step(index: number, output: TaskOutput): StoreStep {
    const { plan, jobId, facts } = this.#record;
    const { task, number, armedAtMs, snapshot } = this.#storing;
    const { statedSeconds } = snapshot;
    const { cost } = facts;
    const isWholeStory = this.#isOnly && cost?.state !== 'estimated';
    return {
      jobId,
      number,
      account: plan.account,
      index,
      output,
      kind: plan.kind,
      ...(statedSeconds === undefined ? {} : { statedSeconds }),
      ...(isWholeStory ? { describe: { taskId: task.taskId, armedAtMs, cost } } : {}),
    };
  }

  /** The output as one fresh reading names it. A new URL begins a new life. */
  async #refresh(index: number, output: TaskOutput, error: ErrorReport): Promise<TaskOutput> {
    const { task, number } = this.#storing;
    this.#record.update({}, `output ${index}: ${error.code}; the task is read once more`);
    const fresh = (await readAgain(this.#record, number, task))?.[index] ?? output;
    const isNew = fresh.source === 'url' && (output.source !== 'url' || fresh.url !== output.url);
    if (isNew) this.#urlStartMs = Date.now();
    return fresh;
  }

  /** Waits until somebody wants another try. False where the job was asked to end instead. */
  async #hold(index: number, reason: HoldReason, error: ErrorReport): Promise<boolean> {
    const { wakes } = this.#control;
    const isAsked = (): boolean => this.#control.wakes > wakes;
    if (this.#control.cancel !== undefined) return false;
    this.#held.add(index);
    const evidence = { index, code: error.code, message: error.message, ...error.details };
    const { number } = this.#storing;
    const since = new Date().toISOString();
    this.#record.update(
      { status: 'held', hold: { reason, number, since, evidence } },
      `output ${index} waits for a person: ${error.message}`,
    );
    await condition(() => isAsked() || this.#control.cancel !== undefined);
    this.#held.delete(index);
    if (this.#held.size === 0) {
      this.#record.update({ status: 'storing', hold: null }, `output ${index} is tried again`);
    }
    return isAsked();
  }

  #moments(): ClockMoments {
    return toClockMoments({
      timing: this.#record.plan.timing,
      armedAtMs: this.#storing.armedAtMs,
      lastUnfinishedAtMs: this.#urlStartMs,
      extraLifeMs: this.#control.extraLifeMs,
    });
  }

  #showClock(note?: string): void {
    const { urlEndsAtMs, lastSafeDownloadAtMs } = this.#moments();
    this.#record.update(
      {
        urlExpiresAt: new Date(urlEndsAtMs).toISOString(),
        lastSafeDownloadAt: new Date(lastSafeDownloadAtMs).toISOString(),
      },
      note,
    );
  }
}

/** Where the result host was the trouble to the end, its clock decides; nobody here could mend it. */
function isProviders(report: ErrorReport | undefined): boolean {
  return report?.code.startsWith('provider.') === true;
}

function crashing(index: number, attempts: number): ErrorReport {
  return {
    code: 'storage.unavailable',
    message: `output ${index}: ${attempts} attempts to store it took their worker down; look at the worker's log, then try again`,
    details: { index, attempts },
  };
}

function outOfTime(index: number, last: ErrorReport | undefined): ErrorReport {
  return {
    code: 'provider.output_expired',
    message: `output ${index} could not be fetched while its URL lived${last === undefined ? '' : `: ${last.message}`}`,
    details: { index, ...(last === undefined ? {} : { lastCode: last.code }) },
  };
}
