import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import type { PreparedRequest } from '../core/accounts.ts';
import type { JobInput } from '../core/job.ts';
import { toStartValues } from '../core/start-facts.ts';

/** The search attributes that a job is started with. */
export function toStartAttributes(
  input: JobInput,
  { account, providerRequest }: PreparedRequest,
): SearchAttributePair[] {
  const whose = { account: account.name, model: providerRequest.model };
  return toStartValues(input, whose).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value,
  }));
}
