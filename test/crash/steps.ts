import type { AcceptedTask, Activities } from '../../src/activities/index.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import { ACCOUNT } from './account.ts';

export type StepOf<Name extends keyof Activities> = Parameters<Activities[Name]>[0];

/** The steps of one job, as its workflow would make them. */
export interface Steps {
  openJob(number: number): StepOf<'openJob'>;
  submit(number: number): StepOf<'submit'>;
  /** `heartbeat`: what reached the server before the worker was lost. */
  reconcile(number: number, heartbeat?: AcceptedTask): StepOf<'reconcile'>;
}

const SETTLE_SECONDS = 0.05;
const LIST_SETTLE_SECONDS = 0.2;
const TASK_LIFE_SECONDS = 3_600;

export function toSteps(jobId: string, request: MediaRequest, timeoutMs: number): Steps {
  return {
    openJob: (number) => ({ jobId, number, input: { request }, startedAtMs: Date.now() }),
    submit: (number) => ({ jobId, number, request, timeoutMs }),
    reconcile: (number, heartbeat) => ({
      jobId,
      number,
      account: ACCOUNT,
      settleSeconds: SETTLE_SECONDS,
      listSettleSeconds: LIST_SETTLE_SECONDS,
      taskLifeSeconds: TASK_LIFE_SECONDS,
      isPatient: false,
      ...(heartbeat === undefined ? {} : { heartbeat }),
    }),
  };
}
