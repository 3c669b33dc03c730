import { z } from 'zod';

import { isErrorCode } from '../core/error-codes.ts';
import { isJobId } from '../core/keys.ts';
import type { SpoolRecord } from '../core/spool.ts';

/** What the ledger needs of a record to write its outcome; another release may have added members. */
const recordSchema = z.object({
  jobId: z.string().refine(isJobId),
  number: z.int().min(1),
  worker: z.string(),
  at: z.string(),
  outcome: z.discriminatedUnion('outcome', [
    z.object({
      outcome: z.literal('accepted'),
      taskId: z.string().min(1),
      operation: z.object({}),
      snapshot: z.object({ status: z.string() }),
    }),
    z.object({
      outcome: z.literal('rejected'),
      error: z.object({ code: z.string().refine(isErrorCode), message: z.string() }),
      final: z.boolean(),
    }),
    z.object({ outcome: z.literal('unknown'), evidence: z.object({ reason: z.string() }) }),
  ]),
});

/** The record as it was written; `undefined` for a text that is none. */
export function parseSpoolRecord(text: string): SpoolRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return recordSchema.safeParse(value).success ? (value as SpoolRecord) : undefined;
}
