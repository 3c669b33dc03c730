import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { hideEchoes, hideEchoesIn, privateTextsOf } from '../core/echoes.ts';
import type { ErrorReport } from '../core/errors.ts';
import type {
  Artifact,
  Cost,
  EndStatus,
  Hold,
  JobResult,
  JobState,
  JobStatus,
  StateChange,
} from '../core/job.ts';
import { toJobId } from '../core/keys.ts';
import type { JobPlan } from '../activities/index.ts';
import { countExpiry, countHold } from './alerts.ts';
import { toCurrentDetails } from './current-details.ts';
import { toAttributeChanges } from './search-attributes.ts';
import type { Attributes } from './search-attributes.ts';

/** What changes as a job goes on. Plain data: the query answers with it, the result is made of it. */
interface Facts {
  status: JobStatus;
  plan: JobPlan | null;
  taskId: string | null;
  submissions: number;
  polls: number;
  artifacts: readonly Artifact[];
  cost: Cost | null;
  error: ErrorReport | null;
  hold: Hold | null;
  progress: number | null;
  nextPollAt: string | null;
  taskExpiresAt: string | null;
  urlExpiresAt: string | null;
  lastSafePollAt: string | null;
  lastSafeDownloadAt: string | null;
  cancelRequestedAt: string | null;
  finishedAt: string | null;
}

const HISTORY_LENGTH = 100;

/** The one place where a job's state is kept; every change goes through {@link update}, so that what is shown is what is. */
export class JobRecord {
  readonly jobId: string;
  readonly #startedAt: string;
  readonly #facts: Facts;
  readonly #history: StateChange[] = [];
  #shown: Attributes = {};

  constructor() {
    const info = workflowInfo();
    this.jobId = toJobId(info.workflowId);
    this.#startedAt = info.startTime.toISOString();
    this.#facts = {
      status: 'opening',
      plan: null,
      taskId: null,
      submissions: 0,
      polls: 0,
      artifacts: [],
      cost: null,
      error: null,
      hold: null,
      progress: null,
      nextPollAt: null,
      taskExpiresAt: null,
      urlExpiresAt: null,
      lastSafePollAt: null,
      lastSafeDownloadAt: null,
      cancelRequestedAt: null,
      finishedAt: null,
    };
    this.#note('the job begins');
  }

  get facts(): Readonly<Facts> {
    return this.#facts;
  }

  /** The plan of an opened job. Throws if the job was not opened: a defect. */
  get plan(): JobPlan {
    const { plan } = this.#facts;
    if (plan === null) throw new TypeError('the job has no plan before it is opened');
    return plan;
  }

  get startedAtMs(): number {
    return Date.parse(this.#startedAt);
  }

  /**
   * Changes facts. `note` dates the change in the job's history; search attributes are upserted only where they differ.
   * What a provider's words repeat of the request is hidden here, before anything shows or stores it.
   */
  update(change: Partial<Facts>, note?: string): void {
    if (change.hold && change.hold.reason !== this.#facts.hold?.reason) {
      countHold(this.#facts.plan?.account ?? '', change.hold.reason);
    }
    Object.assign(this.#facts, change);
    const { plan, error, hold } = this.#facts;
    const privateTexts = plan === null ? [] : privateTextsOf(plan.request);
    if (change.error && error !== null) {
      const { message, details } = hideEchoesIn(error, privateTexts);
      this.#facts.error = { ...error, message, details };
    }
    if (change.hold && hold !== null) {
      this.#facts.hold = { ...hold, evidence: hideEchoesIn(hold.evidence, privateTexts) };
    }
    if (note !== undefined) {
      this.#note(hideEchoes(note, privateTexts));
      this.#show();
    }
  }

  /** Takes over the end that an earlier run of this job wrote. */
  adoptResult(result: JobResult): void {
    const { status, taskId, submissions, polls, artifacts, cost, error, hold, finishedAt } = result;
    this.update(
      { status, taskId, submissions, polls, artifacts, cost, error, hold, finishedAt },
      'the job had ended before; this is its recorded end',
    );
  }

  toResult(status: JobStatus = this.#facts.status): JobResult {
    const { plan, cancelRequestedAt, ...facts } = this.#facts;
    return {
      jobId: this.jobId,
      status,
      account: plan?.account ?? textOf(facts.error, 'account'),
      provider: plan?.provider ?? textOf(facts.error, 'provider'),
      model: plan?.model ?? textOf(facts.error, 'model'),
      taskId: facts.taskId,
      submissions: facts.submissions,
      polls: facts.polls,
      artifacts: facts.artifacts,
      cost: facts.cost,
      error: facts.error,
      hold: facts.hold,
      startedAt: this.#startedAt,
      finishedAt: facts.finishedAt,
      ...(cancelRequestedAt === null ? {} : { cancelRequestedAt }),
    };
  }

  toState(): JobState {
    const { progress, nextPollAt, taskExpiresAt, urlExpiresAt } = this.#facts;
    const { lastSafePollAt, lastSafeDownloadAt } = this.#facts;
    return {
      ...this.toResult(),
      progress,
      nextPollAt,
      taskExpiresAt,
      urlExpiresAt,
      lastSafePollAt,
      lastSafeDownloadAt,
      history: [...this.#history],
    };
  }

  /** Marks the end. The result that {@link toResult} gives afterwards is final. */
  end(status: EndStatus, error: ErrorReport | null): JobResult {
    const finishedAt = new Date().toISOString();
    const hold = null;
    if (status === 'expired') countExpiry(this.#facts.plan?.account ?? '', error?.code ?? '');
    this.update({ status, error, finishedAt, hold, nextPollAt: null }, endNote(status, error));
    return this.toResult();
  }

  #note(note: string): void {
    this.#history.push({ at: new Date().toISOString(), status: this.#facts.status, note });
    if (this.#history.length > HISTORY_LENGTH) this.#history.splice(1, 1);
  }

  #show(): void {
    const state = this.toState();
    setCurrentDetails(toCurrentDetails(state));
    const { changes, shown } = toAttributeChanges(this.#shown, state, this.#facts.plan);
    if (changes.length > 0) upsertSearchAttributes(changes);
    this.#shown = shown;
  }
}

function endNote(status: EndStatus, error: ErrorReport | null): string {
  const verb = status === 'succeeded' || status === 'failed' ? status : `was ${status}`;
  const words = status === 'expired' ? 'the job expired' : `the job ${verb}`;
  return error === null ? words : `${words}: ${error.code}`;
}

/** A job that was refused before it had a plan has its identity in the details of the refusal. */
function textOf(error: ErrorReport | null, name: string): string {
  const value = error?.details[name];
  return typeof value === 'string' ? value : '';
}
