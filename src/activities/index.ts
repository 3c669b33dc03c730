import { Context } from '@temporalio/activity';
import type { Cost, JobResult } from '../core/job.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { awaitOutcome } from './await-outcome.ts';
import { adjustCost } from './adjust-cost.ts';
import type { AdjustCostStep } from './adjust-cost.ts';
import { cancelTask } from './cancel.ts';
import type { CancelOutcome, CancelStep } from './cancel.ts';
import { closeJob } from './close-job.ts';
import type { CloseJobStep } from './close-job.ts';
import { followTask } from './follow.ts';
import type { FollowAnswer, FollowProgress, FollowStep } from './follow.ts';
import { openJob } from './open-job.ts';
import type { OpenedJob } from './open-job.ts';
import type { OpenJobStep } from './open-step.ts';
import type { ActivityPorts } from './ports.ts';
import { reconcile } from './reconcile.ts';
import type { ReconcileProgress, ReconcileStep } from './reconcile.ts';
import type { StoreStep } from './record-artifact.ts';
import { recordCost } from './record-cost.ts';
import type { BookedCost, RecordCostStep } from './record-cost.ts';
import { resolveSubmission } from './resolve.ts';
import type { ResolveAnswer, ResolveStep } from './resolve.ts';
import { storeArtifact } from './store.ts';
import type { Transferred } from './store.ts';
import type { SubmitOutcome } from './submission-view.ts';
import { submit } from './submit.ts';
import type { SubmitStep } from './submit.ts';
import type { TransferProgress } from './transfer-progress.ts';
import { writeProvenance } from './write-provenance.ts';
import type { ProvenanceStep } from './write-provenance.ts';

export type { CancelOutcome } from './cancel.ts';
export type { FollowAnswer, FollowProgress, FollowStep, ReadingPlan } from './follow.ts';
export type { StoreStep } from './record-artifact.ts';
export { createTaskDurations } from './task-durations.ts';
export type { JobPlan } from './job-plan.ts';
export type { OpenedJob } from './open-job.ts';
export type { OpenJobStep, ResubmitDecision } from './open-step.ts';
export type { ActivityPorts } from './ports.ts';
export type { BookedCost } from './record-cost.ts';
export type { ResolveAnswer } from './resolve.ts';
export { drainSpool } from './drain.ts';
export { createSubmitGate } from './submit-gate.ts';
export type { SubmitGate } from './submit-gate.ts';
export type { AcceptedTask, SubmitOutcome, UnknownEvidence } from './submission-view.ts';

/** The effects of a job, each safe to run twice as its own documentation says. Names are wire format. */
export interface Activities {
  readonly openJob: (step: OpenJobStep) => Promise<OpenedJob>;
  readonly submit: (step: SubmitStep) => Promise<SubmitOutcome>;
  readonly reconcile: (step: ReconcileStep) => Promise<SubmitOutcome>;
  readonly awaitOutcome: (step: SubmissionId) => Promise<SubmitOutcome>;
  readonly resolveSubmission: (step: ResolveStep) => Promise<ResolveAnswer>;
  readonly followTask: (step: FollowStep) => Promise<FollowAnswer>;
  readonly cancelTask: (step: CancelStep) => Promise<CancelOutcome>;
  readonly recordCost: (step: RecordCostStep) => Promise<BookedCost>;
  readonly adjustCost: (step: AdjustCostStep) => Promise<Cost | null>;
  readonly storeArtifact: (step: StoreStep) => Promise<Transferred>;
  readonly writeProvenance: (step: ProvenanceStep) => Promise<void>;
  readonly closeJob: (step: CloseJobStep) => Promise<JobResult>;
}

/** Binds the activities to their ports. What Temporal tells an activity is read here and nowhere else. */
export function createActivities(ports: ActivityPorts): Activities {
  return {
    openJob: (step) => openJob(ports, step),
    submit: (step) => submit(ports, step, heartbeat),
    reconcile: (step) =>
      reconcile(ports, step, {
        previous: Context.current().info.heartbeatDetails as ReconcileProgress | undefined,
        heartbeat,
        signal: Context.current().cancellationSignal,
      }),
    awaitOutcome: (step) => awaitOutcome(ports, step, Context.current().info.attempt),
    resolveSubmission: (step) =>
      resolveSubmission(ports, step, Context.current().cancellationSignal),
    followTask: (step) =>
      followTask(
        ports,
        step,
        Context.current().info.heartbeatDetails as FollowProgress | undefined,
        heartbeat,
        Context.current().cancellationSignal,
      ),
    cancelTask: (step) => cancelTask(ports, step, Context.current().cancellationSignal),
    recordCost: (step) => recordCost(ports, step),
    adjustCost: (step) => adjustCost(ports, step),
    storeArtifact: (step) =>
      storeArtifact(ports, step, {
        attempt: Context.current().info.attempt,
        previous: Context.current().info.heartbeatDetails as TransferProgress | undefined,
        heartbeat,
        signal: interruptionOf(Context.current()),
      }),
    writeProvenance: (step) => writeProvenance(ports, step),
    closeJob: (step) => closeJob(ports, step),
  };
}

/** A job that replaces its waiting attempt waits for one that runs, so only what stops the worker stops a transfer. */
function interruptionOf(context: Context): AbortSignal {
  const interruption = new AbortController();
  const signal = context.cancellationSignal;
  const stop = (): void => {
    if (context.cancellationDetails?.cancelRequested !== true) interruption.abort(signal.reason);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return interruption.signal;
}

function heartbeat(details: unknown): void {
  Context.current().heartbeat(details);
}
