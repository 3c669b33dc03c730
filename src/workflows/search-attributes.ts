import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { JobPlan } from '../activities/index.ts';
import type { JobState } from '../core/job.ts';
import { toMajorUnits } from '../core/money.ts';
import { toKeyword } from '../core/search-attributes.ts';

/** Values as last shown, as text: what has not changed is not upserted, because each upsert is an event. */
export type Attributes = Readonly<Record<string, string | undefined>>;

const keyword = {
  JobStatus: defineSearchAttributeKey('JobStatus', 'KEYWORD'),
  Account: defineSearchAttributeKey('Account', 'KEYWORD'),
  Model: defineSearchAttributeKey('Model', 'KEYWORD'),
  ProviderTaskId: defineSearchAttributeKey('ProviderTaskId', 'KEYWORD'),
  BatchId: defineSearchAttributeKey('BatchId', 'KEYWORD'),
  Tenant: defineSearchAttributeKey('Tenant', 'KEYWORD'),
  Hold: defineSearchAttributeKey('Hold', 'KEYWORD'),
};
const taskExpiresAt = defineSearchAttributeKey('TaskExpiresAt', 'DATETIME');
const costAmount = defineSearchAttributeKey('CostAmount', 'DOUBLE');

/** The upserts that take what is shown to what is. */
export function toAttributeChanges(
  shown: Attributes,
  state: JobState,
  plan: JobPlan | null,
): { readonly changes: SearchAttributeUpdatePair[]; readonly shown: Attributes } {
  const wanted: Record<string, string | undefined> = {
    JobStatus: state.status,
    Account: plan?.account,
    Model: plan?.model,
    ProviderTaskId: state.taskId ?? undefined,
    BatchId: plan?.batch ?? undefined,
    Tenant: plan?.tenant ?? undefined,
    Hold: state.hold?.reason,
    TaskExpiresAt: state.taskExpiresAt ?? undefined,
    CostAmount: state.cost === null ? undefined : String(toMajorUnits(state.cost)),
  };
  const changes: SearchAttributeUpdatePair[] = [];
  for (const [name, key] of Object.entries(keyword)) {
    if (wanted[name] === shown[name]) continue;
    const text = wanted[name];
    changes.push({ key, value: text === undefined ? null : toKeyword(text) });
  }
  if (wanted['TaskExpiresAt'] !== shown['TaskExpiresAt']) {
    const at = wanted['TaskExpiresAt'];
    changes.push({ key: taskExpiresAt, value: at === undefined ? null : new Date(at) });
  }
  if (wanted['CostAmount'] !== shown['CostAmount']) {
    const amount = wanted['CostAmount'];
    changes.push({ key: costAmount, value: amount === undefined ? null : Number(amount) });
  }
  return { changes, shown: wanted };
}
