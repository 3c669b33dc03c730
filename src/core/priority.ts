import type { JobInput } from './job.ts';

/** Whose turn it is where queues are long. As in Temporal: 1 goes first, 3 is the default. */
export interface StartPriority {
  readonly priorityKey: number;
  /** Tenants take turns. At most 64 bytes. */
  readonly fairnessKey?: string;
}

const INTERACTIVE = 3;
const BATCH = 4;
const MOST_KEY_LENGTH = 64;

/** A person who waits goes before a batch; steps whose time runs out go before both. */
export function toStartPriority({
  tenant,
  batch,
}: Pick<JobInput, 'tenant' | 'batch'>): StartPriority {
  return {
    priorityKey: batch === undefined ? INTERACTIVE : BATCH,
    ...(tenant === undefined ? {} : { fairnessKey: tenant.slice(0, MOST_KEY_LENGTH) }),
  };
}
