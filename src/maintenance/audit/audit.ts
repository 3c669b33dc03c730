import { auditObjects, outputsAreWhole } from './artifacts.ts';
import { auditRealms, noBlindDuplicate, noSilentLoss } from './creates.ts';
import { endsAreFinal, noHang } from './ends.ts';
import type { AuditLine, InvariantId } from './invariant.ts';
import { Findings, INVARIANTS } from './invariant.ts';
import type { JobRule } from './job-rules.ts';
import { auditJobs } from './job-rules.ts';
import { auditBook, moneyIsBookedOnce } from './money.ts';
import type { AuditContext, AuditPorts } from './ports.ts';
import { effortIsBounded, onlyReadingsTell } from './readings.ts';
import { auditReplay } from './replay.ts';
import { auditSecrets } from './secrets.ts';

export interface AuditOptions {
  /** True: objects are not read again, only their sizes compared. Default false. */
  readonly isQuick?: boolean;
  /** How many of the newest histories are scanned and replayed. Default 100. */
  readonly historyLimit?: number;
  /** True where there is an encryption key: prompts must then not be readable. Default false. */
  readonly isSealing?: boolean;
  /** How long a job that looks wrong is left alone before it is looked at again. Default 3000 ms. */
  readonly recheckAfterMs?: number;
  /** Ends the audit early, without an answer. */
  readonly signal?: AbortSignal;
}

export interface AuditProgress {
  readonly invariant: InvariantId | 'jobs';
  /** Jobs looked at so far; only with `jobs`. */
  readonly done?: number;
}

const JOB_RULES: readonly JobRule[] = [
  noBlindDuplicate,
  noSilentLoss,
  noHang,
  outputsAreWhole,
  moneyIsBookedOnce,
  endsAreFinal,
  onlyReadingsTell,
  effortIsBounded,
];

type Check = (findings: Findings, context: AuditContext) => Promise<void>;

/** What is looked at over all jobs together, after each job was looked at alone. */
const WHOLE_CHECKS: readonly (readonly [InvariantId, Check])[] = [
  ['I2', auditRealms],
  ['I4', auditObjects],
  ['I5', auditBook],
  ['I7', auditSecrets],
  ['I10', auditReplay],
];

const DEFAULT_HISTORY_LIMIT = 100;
const DEFAULT_RECHECK_MS = 3_000;
const CONCURRENCY = 8;

/**
 * Proves the invariants over ledger, storage, Temporal and the providers' lists. Writes nothing; jobs may go on meanwhile.
 * Where a dependency is away its lines are `not_checked`. Run twice: the same lines, as far as nothing changed.
 */
export async function audit(
  ports: AuditPorts,
  options: AuditOptions = {},
  onProgress: (progress: AuditProgress) => void = () => undefined,
): Promise<readonly AuditLine[]> {
  const context: AuditContext = {
    ports,
    isQuick: options.isQuick ?? false,
    historyLimit: options.historyLimit ?? DEFAULT_HISTORY_LIMIT,
    isSealing: options.isSealing ?? false,
    signal: options.signal ?? new AbortController().signal,
  };
  const ids = Object.keys(INVARIANTS) as InvariantId[];
  const findings = new Map(ids.map((id) => [id, new Findings(id)] as const));

  await leavingOut(
    context,
    findings,
    JOB_RULES.map(({ invariant }) => invariant),
    () =>
      auditJobs(JOB_RULES, findings, context, {
        recheckAfterMs: options.recheckAfterMs ?? DEFAULT_RECHECK_MS,
        concurrency: CONCURRENCY,
        onProgress: (done) => onProgress({ invariant: 'jobs', done }),
      }),
  );
  for (const [invariant, check] of WHOLE_CHECKS) {
    onProgress({ invariant });
    await leavingOut(context, findings, [invariant], async () => {
      const found = findings.get(invariant);
      if (found !== undefined) await check(found, context);
    });
  }
  return [...findings.values()].map((found) => found.toLine());
}

/** A check that cannot be carried on leaves its invariants unproved; the others are still checked. */
async function leavingOut(
  { signal }: AuditContext,
  findings: ReadonlyMap<InvariantId, Findings>,
  concerned: readonly InvariantId[],
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    signal.throwIfAborted();
    for (const invariant of concerned) findings.get(invariant)?.leaveOut(error);
  }
}
