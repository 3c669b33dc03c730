import type { AccountDirectory, AccountEntry } from '../core/accounts.ts';
import type { Clock } from '../core/clock.ts';
import { toIsoTime } from '../core/clock.ts';
import type { Ledger, OrphanRecord, SubmissionRecord } from '../core/ledger.ts';
import type { Logger } from '../core/logger.ts';
import type { Money } from '../core/money.ts';
import type { TaskSummary } from '../core/provider.ts';
import type { ListedRealm } from './realms.ts';
import { listRealm } from './realms.ts';
import { settledAtMs } from './timing-of.ts';

export interface RealmPorts {
  readonly accounts: AccountDirectory;
  readonly ledger: Pick<Ledger, 'allSubmissions' | 'orphans' | 'ownersOf' | 'recordOrphan'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RealmReport {
  readonly realm: string;
  /** The account that listed it; `null` where none could. */
  readonly account: string | null;
  readonly listed: number;
  /** Listed tasks that a submission holds. */
  readonly owned: number;
  /** Why nothing can be said of the realm. */
  readonly trouble: string | null;
}

export interface UndecidedTask {
  readonly realm: string;
  readonly taskId: string;
  readonly model: string | null;
}

export interface RealmFindings {
  readonly report: RealmReport;
  readonly newOrphans: readonly OrphanRecord[];
  /** Listed tasks that may belong to a submission on its way. */
  readonly undecided: readonly UndecidedTask[];
  /** Open submissions whose task may be one that nobody owns. */
  readonly candidatesFor: readonly SubmissionRecord[];
}

const UNNAMED_MODEL = 'unknown';

/** Lists one realm and records what no submission holds, unless it may belong to one that is on its way. */
export async function sweepRealm(
  ports: RealmPorts,
  realm: ListedRealm,
  signal: AbortSignal,
): Promise<RealmFindings> {
  const listing = await listRealm(realm, ports.logger, signal);
  if (listing.outcome === 'trouble') return toTrouble(realm.realm, listing.message);
  const { entry, tasks } = listing;

  // In this order: a task that is listed belongs to a submission that is seen here, or by then to an owner.
  const open = await ports.ledger.allSubmissions({ isOpen: true, states: ['armed', 'unknown'] });
  const rivals = open.filter((row) => row.realm === realm.realm);
  const taskIds = tasks.map(({ taskId }) => taskId);
  const owners = await ports.ledger.ownersOf(realm.realm, taskIds);
  const unowned = tasks.filter(({ taskId }) => !owners.has(taskId));

  const onTheirWay = rivals.filter((row) => ports.clock() <= settledAtMs(ports.accounts, row));
  const undecided = unowned.filter((task) => onTheirWay.some((row) => isOfModel(task, row)));
  const orphans = unowned.filter((task) => !undecided.includes(task));
  return {
    report: {
      realm: realm.realm,
      account: entry.account.name,
      listed: tasks.length,
      owned: owners.size,
      trouble: null,
    },
    newOrphans: await recordOrphans(ports, entry, orphans),
    undecided: undecided.map(({ taskId, model = null }) => ({ realm: realm.realm, taskId, model })),
    candidatesFor: rivals.filter(
      (row) => row.state === 'unknown' && orphans.some((task) => isOfModel(task, row)),
    ),
  };
}

function toTrouble(realm: string, trouble: string): RealmFindings {
  const report = { realm, account: null, listed: 0, owned: 0, trouble };
  return { report, newOrphans: [], undecided: [], candidatesFor: [] };
}

function isOfModel(task: TaskSummary, row: Pick<SubmissionRecord, 'model'>): boolean {
  return task.model === undefined || task.model === row.model;
}

/** Returns those that the ledger did not know; one that found an owner meanwhile is not written, and not returned. */
async function recordOrphans(
  { ledger, clock }: RealmPorts,
  entry: AccountEntry,
  tasks: readonly TaskSummary[],
): Promise<readonly OrphanRecord[]> {
  const { name, realm } = entry.account;
  const known = new Set((await ledger.orphans(realm)).map(({ taskId }) => taskId));
  const unknown = tasks.filter(({ taskId }) => !known.has(taskId));
  for (const { taskId, model } of unknown) {
    const orphan = {
      realm,
      taskId,
      account: name,
      model: model ?? UNNAMED_MODEL,
      estimate: estimateOf(entry, model),
    };
    await ledger.recordOrphan(orphan, toIsoTime(clock()));
  }
  if (unknown.length === 0) return [];
  const written = await ledger.orphans(realm);
  const isNew = new Set(unknown.map(({ taskId }) => taskId));
  return written.filter(({ taskId }) => isNew.has(taskId));
}

/** The list tells no parameters, so this is what the model costs where a request names none. */
function estimateOf({ provider }: AccountEntry, model: string | undefined): Money | null {
  const quote = model === undefined ? undefined : provider.quote({ model });
  return quote === undefined ? null : { currency: quote.currency, micros: quote.micros };
}
