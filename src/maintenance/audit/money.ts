import type {
  CurrencyTotals,
  EntryKind,
  EntryRecord,
  SubmissionRecord,
} from '../../core/ledger.ts';
import { toMicros } from '../../core/money.ts';
import type { Findings } from './invariant.ts';
import type { JobRule } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

/** I5. Every submission's money has one course. */
export const moneyIsBookedOnce: JobRule = {
  invariant: 'I5',
  look: ({ submissions, entries }) => ({
    checked: entries.length,
    violations: submissions.flatMap((row) =>
      judgeMoney(
        row,
        entries.filter(({ number }) => number === row.number),
      ),
    ),
  }),
};

function judgeMoney(row: SubmissionRecord, entries: readonly EntryRecord[]): readonly string[] {
  if (entries.length === 0) return [];
  const name = `submission ${row.number} of job ${row.jobId}`;
  const count = (kind: EntryKind): number => entries.filter((entry) => entry.kind === kind).length;
  const [charges, releases, unknowns] = [count('charge'), count('release'), count('unknown')];
  const violations: string[] = [];
  if (charges + releases > 1 || unknowns > 1 || count('reserve') > 1) {
    violations.push(
      `${name} is settled more than once: ${entries.map(({ kind }) => kind).join(', ')}`,
    );
  }
  const isSettled = charges + releases + unknowns > 0;
  if (row.state === 'accepted' && row.endedAt !== null && !isSettled) {
    violations.push(`${name} has ended and its money is neither charged, released nor unknown`);
  }
  // A task that turned out to be another submission's is given back by an adjustment.
  if (charges > 0 && row.state !== 'accepted' && sumCharged(entries) !== 0n) {
    violations.push(`${name} is ${row.state} and charged`);
  }
  if (charges > 0 && row.endedAt === null) violations.push(`${name} is charged and has not ended`);
  if (count('adjust') > 0 && charges === 0) violations.push(`${name} is adjusted and not charged`);
  const currencies = new Set(entries.map(({ currency }) => currency));
  if (currencies.size > 1) violations.push(`${name} is booked in ${[...currencies].join(' and ')}`);
  return violations;
}

function sumCharged(entries: readonly EntryRecord[]): bigint {
  const charged = entries.filter(({ kind }) => kind === 'charge' || kind === 'adjust');
  return charged.reduce((sum, { micros }) => sum + toMicros(micros), 0n);
}

const TRIES = 3;

/** I5, over all jobs: no task is charged twice, the sums are what the ledger says, and its guards stand. */
export async function auditBook(findings: Findings, context: AuditContext): Promise<void> {
  const { ledger } = context.ports;
  findings.violate(...(await ledger.check()).map((trouble) => `the database: ${trouble}`));
  findings.violate(...(await findSharedTasks(context)));
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const before = describeTotals(await ledger.totals({}));
    const sums = describeTotals(await sumEntries(context));
    const after = describeTotals(await ledger.totals({}));
    if (sums === after) return;
    if (before !== after) continue;
    findings.violate(`the entries sum up to ${sums}, and the ledger says ${after}`);
    return;
  }
  findings.note('entries were written all the while, so the sums were not compared');
}

/** One submission per task is one charge per task. The ledger's own key forbids more; this looks whether it did. */
async function findSharedTasks({ ports, signal }: AuditContext): Promise<readonly string[]> {
  const accepted = await ports.ledger.allSubmissions({ states: ['accepted'] });
  const owners = new Map<string, SubmissionRecord[]>();
  for (const row of accepted) {
    const task = `${row.realm} ${row.taskId ?? ''}`;
    owners.set(task, [...(owners.get(task) ?? []), row]);
  }
  const violations: string[] = [];
  for (const rows of owners.values()) {
    signal.throwIfAborted();
    if (rows.length < 2) continue;
    const [{ taskId, realm } = { taskId: null, realm: '' }] = rows;
    const names = rows.map(({ jobId, number }) => `${jobId} (${number})`).join(', ');
    violations.push(
      `task ${taskId ?? ''} of realm ${realm} is held by several submissions: ${names}`,
    );
  }
  return violations;
}

type Sums = { -readonly [Name in 'charged' | 'estimated' | 'reserved' | 'unknown']: bigint } & {
  jobs: number;
};

async function sumEntries({ ports, signal }: AuditContext): Promise<readonly CurrencyTotals[]> {
  const sums = new Map<string, Sums>();
  for (const { jobId } of await ports.ledger.jobs({})) {
    signal.throwIfAborted();
    const entries = await ports.ledger.entries(jobId);
    for (const currency of new Set(entries.map((entry) => entry.currency))) {
      const sum = sums.get(currency) ?? {
        charged: 0n,
        estimated: 0n,
        reserved: 0n,
        unknown: 0n,
        jobs: 0,
      };
      sum.jobs += 1;
      addEntries(
        sum,
        entries.filter((entry) => entry.currency === currency),
      );
      sums.set(currency, sum);
    }
  }
  return [...sums].map(([currency, { charged, estimated, reserved, unknown, jobs }]) => ({
    currency,
    charged: charged.toString(),
    estimated: estimated.toString(),
    reserved: reserved.toString(),
    unknown: unknown.toString(),
    jobs,
  }));
}

/** What each submission stands for: the latest of reserve, unknown, charge and release, plus adjusts. */
function addEntries(sum: Sums, entries: readonly EntryRecord[]): void {
  for (const number of new Set(entries.map((entry) => entry.number))) {
    const own = entries.filter((entry) => entry.number === number);
    const of = (kind: EntryKind): EntryRecord | undefined =>
      own.find((entry) => entry.kind === kind);
    const charge = of('charge');
    const adjusts = own.filter(({ kind }) => kind === 'adjust');
    for (const { micros } of adjusts) sum.charged += toMicros(micros);
    if (charge !== undefined) {
      sum.charged += toMicros(charge.micros);
      if (charge.estimated && adjusts.length === 0) sum.estimated += toMicros(charge.micros);
    }
    if (charge !== undefined || of('release') !== undefined) continue;
    const unknown = of('unknown');
    const reserve = of('reserve');
    if (unknown !== undefined) sum.unknown += toMicros(unknown.micros);
    else if (reserve !== undefined) sum.reserved += toMicros(reserve.micros);
  }
}

function describeTotals(totals: readonly CurrencyTotals[]): string {
  const lines = totals.map(
    ({ currency, charged, estimated, reserved, unknown, jobs }) =>
      `${currency}: ${charged} charged, ${estimated} of it estimated, ${reserved} reserved, ${unknown} unknown, ${jobs} jobs`,
  );
  return lines.sort().join('; ') || 'nothing';
}
