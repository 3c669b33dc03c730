import type { SubmissionRecord } from '../../core/ledger.ts';
import type { TaskSummary } from '../../core/provider.ts';
import { toIsoTime } from '../../core/clock.ts';
import type { ListedRealm } from '../realms.ts';
import { exclusiveRealms, listRealm } from '../realms.ts';
import { settledAtMs } from '../timing-of.ts';
import type { Findings } from './invariant.ts';
import type { JobRule } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

/** Reconcile runs once the submit step itself is given up, some seconds after the deadline. */
const MIN_SETTLE_MS = 60_000;
/** Longer than a sweep's interval and its run: by then an orphan has been found. */
const SWEPT_AFTER_MS = 20 * 60_000;

/** I1. Accepted creates, and submissions that were opened without proof that the one before was not accepted. */
export const noBlindDuplicate: JobRule = {
  invariant: 'I1',
  look: ({ job, submissions, decisions, orphans }) => {
    const accepted = submissions.filter(({ state }) => state === 'accepted').length;
    const creates = accepted + orphans.length;
    const allowed = decisions.filter(({ kind }) => kind === 'resubmit' || kind === 'rerun').length;
    const unproved = submissions.filter(
      ({ number }) => number > 1 && before(submissions, number)?.state !== 'rejected',
    );
    const violations: string[] = [];
    if (creates > 1 + allowed) {
      violations.push(
        `job ${job.jobId}: ${creates} creates were accepted, and ${allowed} decisions allow another one`,
      );
    }
    if (unproved.length > allowed) {
      const numbers = unproved.map(({ number }) => number).join(', ');
      violations.push(
        `job ${job.jobId}: submissions ${numbers} were opened although the one before may have been accepted, and ${allowed} decisions say so`,
      );
    }
    return { checked: 1, violations };
  },
};

function before(
  submissions: readonly SubmissionRecord[],
  number: number,
): SubmissionRecord | undefined {
  return submissions.find((candidate) => candidate.number === number - 1);
}

/** I2. What was armed has an outcome in time, and what was accepted has its task. */
export const noSilentLoss: JobRule = {
  invariant: 'I2',
  look: ({ submissions }, context) => ({
    checked: submissions.length,
    violations: submissions.flatMap((row) => judgeSubmission(row, context)),
  }),
};

function judgeSubmission(row: SubmissionRecord, { ports }: AuditContext): readonly string[] {
  const name = `submission ${row.number} of job ${row.jobId}`;
  if (row.state === 'accepted') {
    const missing = (['taskId', 'operation', 'snapshot'] as const).filter(
      (part) => row[part] === null,
    );
    return missing.length === 0 ? [] : [`${name} is accepted without its ${missing.join(' and ')}`];
  }
  if (row.state !== 'armed' || row.endedAt !== null) return [];
  const deadlineMs = Date.parse(row.deadlineAt ?? row.createdAt);
  const lateMs = Math.max(deadlineMs + MIN_SETTLE_MS, settledAtMs(ports.accounts, row));
  if (ports.clock() <= lateMs) return [];
  const worker = row.worker === null ? '' : ` by ${row.worker}`;
  return [
    `${name} was armed${worker} until ${toIsoTime(deadlineMs)} and nobody has said since what became of it; is a worker running?`,
  ];
}

/** I2, the other side: every task that an exclusive realm lists is held, is waited for, or is a known orphan. */
export async function auditRealms(findings: Findings, context: AuditContext): Promise<void> {
  const realms = exclusiveRealms(context.ports.accounts);
  if (realms.length === 0) findings.note('no realm is declared exclusive: no provider was asked');
  for (const realm of realms) {
    context.signal.throwIfAborted();
    await auditRealm(realm, findings, context);
  }
}

async function auditRealm(
  realm: ListedRealm,
  findings: Findings,
  context: AuditContext,
): Promise<void> {
  const { ports, signal } = context;
  const listing = await listRealm(realm, ports.logger, signal);
  if (listing.outcome === 'trouble') {
    findings.leaveOut(new Error(listing.message));
    return;
  }
  const since = toIsoTime(0);
  const models = new Set(
    listing.tasks.map(({ model }) => model).filter((model) => model !== undefined),
  );
  const waiting = new Map<string, number>();
  for (const model of models) {
    waiting.set(model, (await ports.ledger.undecided(realm.realm, model, since)).length);
  }
  const taskIds = listing.tasks.map(({ taskId }) => taskId);
  const orphans = await ports.ledger.orphans(realm.realm);
  const owners = await ports.ledger.ownersOf(realm.realm, taskIds);
  const known = new Set([...owners.keys(), ...orphans.map(({ taskId }) => taskId)]);
  findings.count(listing.tasks.length);
  const unknown = listing.tasks.filter((task) => !known.has(task.taskId) && isOld(task, context));
  findings.violate(...judgeUnknown(realm.realm, unknown, waiting));
}

/** A task that the next sweep will find is not lost. */
function isOld({ createdAt }: TaskSummary, { ports }: AuditContext): boolean {
  return createdAt === undefined || Date.parse(createdAt) < ports.clock() - SWEPT_AFTER_MS;
}

/** As many tasks of a model as there are undecided submissions of it may be theirs. */
function judgeUnknown(
  realm: string,
  unknown: readonly TaskSummary[],
  waiting: ReadonlyMap<string, number>,
): readonly string[] {
  const models = new Set(unknown.map(({ model }) => model));
  return [...models].flatMap((model) => {
    const tasks = unknown.filter((task) => task.model === model);
    const undecided = waiting.get(model ?? '') ?? 0;
    if (tasks.length <= undecided) return [];
    const names = tasks.map(({ taskId }) => taskId).join(', ');
    return [
      `realm ${realm} lists ${tasks.length} tasks of ${model ?? 'an unnamed model'} that no submission holds and that are no known orphans (${undecided} may be those of undecided submissions): ${names}; run \`pollux sweep\``,
    ];
  });
}
