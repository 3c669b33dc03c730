import type { JobInput } from './job.ts';
import { canonicalJson } from './json.ts';
import type { JsonObject } from './json.ts';

/**
 * The text whose SHA-256 is the request hash: two starts of one job id mean the same job exactly if these texts agree.
 * Tenant and batch are labels and not part of it.
 */
export function toRequestText(input: Pick<JobInput, 'request' | 'adoptTaskId'>): string {
  const { extra, ...fields } = input.request;
  const request: JsonObject = { ...fields, ...(extra === undefined ? {} : { extra }) };
  return canonicalJson({ request, adoptTaskId: input.adoptTaskId });
}
