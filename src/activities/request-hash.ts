import { createHash } from 'node:crypto';
import type { JobInput } from '../core/job.ts';
import { toRequestText } from '../core/request-text.ts';

/** Hex SHA-256 of what the job id stands for. */
export function toRequestHash(input: Pick<JobInput, 'request' | 'adoptTaskId'>): string {
  return createHash('sha256').update(toRequestText(input)).digest('hex');
}
