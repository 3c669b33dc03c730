import type { ItemResult } from './batch.ts';
import { toIsoTime } from './clock.ts';
import type { Clock } from './clock.ts';
import type { ErrorReport } from './errors.ts';
import type { EndStatus } from './job.ts';
import { splitModel, toItemJobId } from './keys.ts';

/** What is known of an item beside its job. */
export interface ItemName {
  readonly id: string;
  /** `<account>/<model>` */
  readonly model: string;
  /** Absent where the account is not at hand. */
  readonly provider?: string;
}

/** A result that no workflow has given, made of what is known. */
export function toItemResult(
  clock: Clock,
  batch: string,
  item: ItemName,
  status: EndStatus,
  error: ErrorReport,
): ItemResult {
  const now = toIsoTime(clock());
  const whose = splitModel(item.model) ?? { account: '', model: item.model };
  return {
    item: item.id,
    jobId: toItemJobId(batch, item.id),
    status,
    ...whose,
    provider: item.provider ?? '',
    taskId: null,
    submissions: 0,
    polls: 0,
    artifacts: [],
    cost: null,
    error,
    hold: null,
    startedAt: now,
    finishedAt: now,
  };
}
