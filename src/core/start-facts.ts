import type { JobInput, MediaRequest } from './job.ts';
import type { SearchAttributeName } from './search-attributes.ts';
import { toKeyword } from './search-attributes.ts';

/** What can be found by before the first workflow task: attributes given at the start cost no event. All Keywords. */
export function toStartValues(
  { tenant, batch }: Pick<JobInput, 'tenant' | 'batch'>,
  whose: { readonly account: string; readonly model: string },
): readonly (readonly [SearchAttributeName, string])[] {
  const values: readonly (readonly [SearchAttributeName, string | undefined])[] = [
    ['JobStatus', 'opening'],
    ['Account', whose.account],
    ['Model', whose.model],
    ['Tenant', tenant],
    ['BatchId', batch],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, toKeyword(value)] as const],
  );
}

/** The memo of a job's workflow: who meets the id again compares the hash. Wire format. */
export function toStartMemo(
  requestHash: string,
  currency: string | null,
): { readonly requestHash: string; readonly currency: string | null } {
  return { requestHash, currency };
}

/** One line for a person: account, model, and what the request is for. */
export function toStartSummary(account: string, providerRequest: MediaRequest): string {
  const { model, durationSeconds, resolution, size } = providerRequest;
  const facts = [
    durationSeconds === undefined ? undefined : `${durationSeconds} s`,
    resolution,
    size,
  ];
  return [`${account}/${model}`, ...facts.filter((fact) => fact !== undefined)].join(' · ');
}
