import type { AccountDirectory } from '../../core/accounts.ts';
import type { ArtifactStore } from '../../core/artifact-store.ts';
import type { Clock } from '../../core/clock.ts';
import type { JobRuns } from '../../core/job-runs.ts';
import type { Ledger } from '../../core/ledger.ts';
import type { Logger } from '../../core/logger.ts';
import type { InspectMedia } from '../../core/media.ts';

/** A text with a name for a person. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** How one history replayed. */
export interface ReplayedHistory {
  readonly jobId: string;
  /** Why it does not replay; absent where it does. */
  readonly failure?: string;
}

/** Everything an audit reads. It writes nothing. A member whose dependency is away throws. */
export interface AuditPorts {
  readonly accounts: AccountDirectory;
  readonly ledger: Pick<
    Ledger,
    | 'allSubmissions'
    | 'artifacts'
    | 'check'
    | 'decisions'
    | 'entries'
    | 'job'
    | 'jobs'
    | 'orphans'
    | 'ownersOf'
    | 'rows'
    | 'submissions'
    | 'totals'
    | 'undecided'
  >;
  readonly runs: Pick<JobRuns, 'state'>;
  readonly store: Pick<ArtifactStore, 'head' | 'list' | 'open'>;
  readonly inspectMedia: InspectMedia;
  /** The files of this host's spool, as they lie on the disk. */
  readonly spoolFiles: () => AsyncIterable<NamedText>;
  /** The newest workflows of jobs as Temporal keeps them: history and memo, payloads as text but not decrypted. Named by job id. */
  readonly histories: (limit: number) => AsyncIterable<NamedText>;
  /** Replays the histories of the newest workflows of jobs with this release. */
  readonly replay: (limit: number) => AsyncIterable<ReplayedHistory>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What every check works with. */
export interface AuditContext {
  readonly ports: AuditPorts;
  /** Objects are not read, only their sizes. */
  readonly isQuick: boolean;
  /** How many of the newest histories are scanned and replayed. */
  readonly historyLimit: number;
  /** True: prompts must not be readable where they are stored. */
  readonly isSealing: boolean;
  readonly signal: AbortSignal;
}
