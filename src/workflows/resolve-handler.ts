import { CancellationScope, condition, setHandler, uuid4 } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { Resolution } from '../core/job.ts';
import type { JobControl, ResolutionAnswer } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { requireDecision } from './message-arguments.ts';
import { resolveSubmission } from './messages.ts';
import type { ResolveAnswered, ResolveRequest } from './messages.ts';

const USAGE =
  'send {"number": 1, "adopt": "<task id>" or "resubmit": true or "abandon": true, "author": "...", "reason": "..."}';

/** Registers the operator's decision about an unknown submission. One at a time; it is answered when it is carried out. */
export function registerResolve(record: JobRecord, control: JobControl): void {
  setHandler(
    resolveSubmission,
    (request: ResolveRequest) => CancellationScope.nonCancellable(() => resolve(control, request)),
    {
      validator: (request: ResolveRequest) => {
        toResolution(request);
        requireDecision(request);
        refuseUnlessHeld(record, control, request.number);
      },
      description: `Decides about a submission that may have been accepted. Takes ${USAGE.slice('send '.length)}.`,
    },
  );
}

async function resolve(control: JobControl, request: ResolveRequest): Promise<ResolveAnswered> {
  const { number, author, reason } = request;
  const resolution = toResolution(request);
  const decisionId = uuid4();
  let answer: ResolutionAnswer | undefined;
  control.resolve(resolution, { id: decisionId, author, reason }, (given) => {
    answer = given;
  });
  await condition(() => answer !== undefined);
  if (answer?.reason !== undefined) {
    throw ApplicationFailure.nonRetryable(answer.reason, 'request.conflict');
  }
  return { number, decision: resolution.kind, decisionId };
}

function refuseUnlessHeld(record: JobRecord, control: JobControl, number: number): void {
  const { status, hold } = record.facts;
  if (status !== 'held' || hold?.reason !== 'submit_unknown') {
    throw new Error(`the job is ${status}; only a job that is held for a submission is resolved`);
  }
  if (hold.number !== number) {
    throw new Error(`the job is held for submission ${hold.number}, not for ${number}`);
  }
  if (control.isResolving) {
    throw new Error(`another decision about submission ${number} is being carried out`);
  }
}

/** Arguments come from the UI and from other languages. */
function toResolution(value: unknown): Resolution {
  const given = (value ?? {}) as Partial<Record<keyof ResolveRequest, unknown>>;
  const { adopt, resubmit, abandon } = given;
  const chosen: Resolution[] = [];
  if (typeof adopt === 'string' && adopt.trim() !== '') {
    chosen.push({ kind: 'adopt', taskId: adopt.trim() });
  }
  if (resubmit === true) chosen.push({ kind: 'resubmit' });
  if (abandon === true) chosen.push({ kind: 'abandon' });
  const [resolution] = chosen;
  if (resolution === undefined || chosen.length > 1 || typeof given.number !== 'number') {
    throw new Error(USAGE);
  }
  return resolution;
}
