import type { AccountDirectory } from '../core/accounts.ts';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { Budget } from '../core/budget.ts';
import type { CallbackUrls } from '../core/callbacks.ts';
import type { Clock } from '../core/clock.ts';
import type { JobInput } from '../core/job.ts';
import type { Ledger } from '../core/ledger.ts';
import type { Logger } from '../core/logger.ts';
import type { InspectMedia, MediaFetcher } from '../core/media.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Spool } from '../core/spool.ts';
import type { SubmitGate } from './submit-gate.ts';
import type { TaskDurations } from './task-durations.ts';

/** Everything that activities reach the world through. Wired by the composition root only. */
export interface ActivityPorts {
  readonly accounts: AccountDirectory;
  readonly ledger: Ledger;
  /** Limits of what jobs may cost together. */
  readonly budgets: readonly Budget[];
  /** Takes an outcome while the ledger cannot. */
  readonly spool: Spool;
  readonly gate: SubmitGate;
  readonly store: ArtifactStore;
  /** For texts that leave the ledger. */
  readonly sealer: Sealer;
  readonly durations: TaskDurations;
  /** Absent where this installation takes no callbacks. */
  readonly callbackUrls?: CallbackUrls;
  readonly fetcher: MediaFetcher;
  readonly inspectMedia: InspectMedia;
  /** Throws `request.invalid` for anything that is not a job's input. */
  readonly parseJobInput: (value: unknown) => JobInput;
  readonly clock: Clock;
  /** Names this process in the ledger. */
  readonly worker: string;
  /** True once this process was told to stop: nothing is submitted after that. */
  readonly isStopping: () => boolean;
  readonly logger: Logger;
}
