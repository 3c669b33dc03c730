import type { AccountEntry } from '../core/accounts.ts';
import { toIsoTime } from '../core/clock.ts';
import type { SubmissionRecord } from '../core/ledger.ts';
import type { CallContext, TaskSummary } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import type { TaskCandidate, UnknownEvidence } from './submission-view.ts';

/** What a provider's list tells of one submission. */
export type ListSearch =
  /** The one task that can be its own; a reading must confirm it. */
  | ({ readonly kind: 'found'; readonly taskId: string } & Doubt)
  /** The provider would show its task by now. */
  | { readonly kind: 'absent' }
  | ({ readonly kind: 'undecided' } & Doubt);

export interface SearchFacts {
  readonly row: SubmissionRecord;
  /** How long the provider knows a task. */
  readonly taskLifeSeconds: number;
  /** Since when nothing can have been sent for the submission, by our clock, milliseconds since 1970. */
  readonly unknownSinceMs: number;
}

interface Doubt {
  /** Why the list does not decide. For a person. */
  readonly reason: string;
  readonly evidence: Partial<UnknownEvidence>;
}

const DEFAULT_PAGE = 100;
const SHOWN_CANDIDATES = 10;

/**
 * Looks for the task of an unknown submission by its position: after the newest task that was known when it was armed,
 * never by a provider's stamp. One candidate for the one submission of the model that may have one, in an exclusive realm
 * whose list reaches back far enough, is found; everything else is doubt. Pure but for one list call and the ledger.
 */
export async function searchList(
  ports: ActivityPorts,
  { account, provider }: AccountEntry,
  facts: SearchFacts,
  context: CallContext,
): Promise<ListSearch> {
  const { row, taskLifeSeconds } = facts;
  if (provider.list === undefined) return doubt('the provider lists no tasks');
  const limit = provider.capabilities.listPageSize ?? DEFAULT_PAGE;
  // What the list does not show may have been created since, however long the rest takes.
  const askedAtMs = ports.clock();
  const answer = await provider.list({ limit }, context);
  if (answer.outcome === 'trouble') return doubt(`its list cannot be read: ${answer.error.code}`);

  // In this order: a task that is in the list was armed before, so its submission is seen as a rival or as the owner.
  const since = toIsoTime(ports.clock() - taskLifeSeconds * 1000);
  const rivals = await ports.ledger.undecided(row.realm, row.model, since);
  const { tasks, reachesBack } = afterPosition(answer.tasks, answer.isWholePage, row);
  const owners = await ports.ledger.ownersOf(
    row.realm,
    tasks.map(({ taskId }) => taskId),
  );
  const candidates = tasks.filter(({ taskId }) => !owners.has(taskId));
  const evidence = { candidates: candidates.slice(0, SHOWN_CANDIDATES).map(toCandidate) };

  if (!account.exclusive) return doubt('others may create tasks in its realm, too', evidence);
  if (!reachesBack) return doubt('its list does not reach back to the submission', evidence);
  const others = rivals.filter((rival) => !isSame(rival, row));
  if (others.length > 0) {
    const names = others.map(({ jobId, number }) => `${jobId} (${number})`).join(', ');
    return doubt(`the task may as well belong to ${names}`, evidence);
  }
  const [only, ...more] = candidates;
  if (only === undefined) {
    const { listBoundSeconds } = provider.capabilities;
    return judgeAbsence(askedAtMs - facts.unknownSinceMs, listBoundSeconds);
  }
  if (more.length > 0) return doubt(`${candidates.length} tasks may be its own`, evidence);
  return {
    kind: 'found',
    taskId: only.taskId,
    reason: 'the one task that may be its own could not be read',
    evidence,
  };
}

function doubt(reason: string, evidence: Partial<UnknownEvidence> = {}): ListSearch {
  return { kind: 'undecided', reason, evidence };
}

/** Tasks of the model that are newer than the newest one known at arming. */
function afterPosition(
  tasks: readonly TaskSummary[],
  isWholePage: boolean,
  { newestKnownTaskId, model }: SubmissionRecord,
): { readonly tasks: readonly TaskSummary[]; readonly reachesBack: boolean } {
  const position = tasks.findIndex(({ taskId }) => taskId === newestKnownTaskId);
  const newer = position < 0 ? tasks : tasks.slice(0, position);
  return {
    tasks: newer.filter((task) => task.model === undefined || task.model === model),
    reachesBack: position >= 0 || !isWholePage,
  };
}

/** An empty list proves something only where a bound between POST and listing is declared, and over. */
function judgeAbsence(waitedMs: number, boundSeconds: number | undefined): ListSearch {
  const isOver = boundSeconds !== undefined && waitedMs > boundSeconds * 1000;
  return isOver ? { kind: 'absent' } : doubt('its list does not show the task (yet)');
}

function isSame(one: SubmissionRecord, other: SubmissionRecord): boolean {
  return one.jobId === other.jobId && one.number === other.number;
}

function toCandidate({ taskId, status, createdAt }: TaskSummary): TaskCandidate {
  return { taskId, status, createdAt: createdAt ?? null };
}
