import { CancellationScope } from '@temporalio/workflow';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import type { ProviderNotification } from './messages.ts';
import { reconcileStep } from './steps.ts';

/** Longest task id that is looked at. */
const MAX_TASK_ID_LENGTH = 200;

/**
 * A callback only wakes. What it says of the current submission is remembered for reconcile; one about an earlier number
 * has that submission looked into, so that its task, if there is one, becomes visible as an orphan.
 */
export async function handleNotification(
  record: JobRecord,
  control: JobControl,
  notification: unknown,
): Promise<void> {
  const { number, taskId, isUnfinished } = readNotification(notification);
  const { submissions, plan } = record.facts;
  // A submission without a task wants to hear of one, however far it is.
  const isIdle = isUnfinished && record.facts.taskId !== null;
  const isEarlier = number !== undefined && number < submissions && number >= 1;
  if (!isEarlier) {
    if (number === undefined) control.wake();
    else control.notify(number, taskId, isIdle);
    return;
  }
  const isNews = taskId !== undefined && control.notifiedTask(number) === undefined;
  control.notify(number, taskId, isIdle);
  if (!isNews || plan === null) return;
  await CancellationScope.nonCancellable(async () => {
    const { settleSeconds, listSettleSeconds, taskLifeSeconds } = plan.timing;
    await reconcileStep(plan, number).reconcile({
      jobId: record.jobId,
      number,
      account: plan.account,
      settleSeconds,
      listSettleSeconds,
      taskLifeSeconds,
      isPatient: false,
      notifiedTaskId: taskId,
    });
  });
}

interface Notified {
  readonly number?: number;
  readonly taskId?: string;
  readonly isUnfinished: boolean;
}

/** Signals come from other languages, too: what is not there is not used. */
function readNotification(value: unknown): Notified {
  const given = (value ?? {}) as Partial<Record<keyof ProviderNotification, unknown>>;
  const { number, taskId, isUnfinished } = given;
  const isTaskId =
    typeof taskId === 'string' && taskId !== '' && taskId.length <= MAX_TASK_ID_LENGTH;
  return {
    ...(typeof number === 'number' ? { number } : {}),
    ...(isTaskId ? { taskId } : {}),
    isUnfinished: isUnfinished === true,
  };
}
