import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import type { PreparedRequest } from '../core/accounts.ts';
import type { JobInput } from '../core/job.ts';
import { toKeyword } from '../core/search-attributes.ts';

/** What can be found by before the first workflow task: attributes given at the start cost no event. */
export function toStartAttributes(
  input: JobInput,
  prepared: PreparedRequest,
): SearchAttributePair[] {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['JobStatus', 'opening'],
    ['Account', prepared.account.name],
    ['Model', prepared.providerRequest.model],
    ['Tenant', input.tenant],
    ['BatchId', input.batch],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value: toKeyword(value) }],
  );
}
