import type { FailureGroup } from '../core/batch-totals.ts';
import type { BatchState, BatchStatus } from '../core/batch.ts';
import { ERROR_CODES, isErrorCode } from '../core/error-codes.ts';
import { formatMoney } from '../core/money.ts';
import { formatDuration } from './format.ts';
import { print } from './host.ts';
import { renderFacts } from './table.ts';
import type { Terminal, TextStyle } from './terminal.ts';
import { paint } from './terminal.ts';

export const HELD_EXIT_CODE = 3;
const FAILED_EXIT_CODE = 1;

const STYLES: Readonly<Record<BatchStatus, TextStyle>> = {
  running: 'cyan',
  paused: 'yellow',
  stopping: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'red',
};

export function isBatchEnd(status: BatchStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

/** Items that have ended, whichever way. */
export function countDone(state: BatchState): number {
  const { succeeded, failed, cancelled, expired, notStarted } = state;
  return succeeded + failed + cancelled + expired + notStarted;
}

/** Exit code of a command that followed a batch this far: an item that did not succeed is 1, unless its code asks for a person. */
export function toBatchExitCode({ status, items, succeeded, failures }: BatchState): number {
  if (!isBatchEnd(status) || succeeded === items) return 0;
  const needsPerson = Object.keys(failures).some(
    (code) => isErrorCode(code) && ERROR_CODES[code].exitCode === HELD_EXIT_CODE,
  );
  return needsPerson ? HELD_EXIT_CODE : FAILED_EXIT_CODE;
}

/** `4.05 USD + 3.00 CNY`; empty where nothing is spent. */
export function describeSpent({ money }: BatchState): string {
  return money.map(({ currency, spent }) => formatMoney({ currency, micros: spent })).join(' + ');
}

type Fact = readonly [name: string, value: string];

/** A batch in a few lines for a person; with `groups` also which items failed, and why the first of them did. */
export function printBatch(
  terminal: Terminal,
  state: BatchState,
  groups: readonly FailureGroup[] = [],
): void {
  const status = paint(terminal, terminal.stdout, STYLES[state.status], state.status);
  print(terminal, `${status}  batch ${state.batch}`);
  terminal.stdout.write(renderFacts(toFacts(state, groups)));
}

function toFacts(state: BatchState, groups: readonly FailureGroup[]): readonly Fact[] {
  const { batch, window, reason, startedAt, finishedAt, manifestKey, kept } = state;
  const facts: Fact[] = [['items', describeItems(state)]];
  if (kept > 0) facts.push(['kept', `${String(kept)} keep the end they had before this run`]);
  for (const money of state.money) facts.push(['money', describeMoney(money)]);
  facts.push(...toFailures(state, groups));
  if (reason !== null) facts.push(['reason', reason]);
  if (finishedAt === null) facts.push(['so far', `since ${startedAt}, window ${String(window)}`]);
  else facts.push(['time', formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))]);
  if (manifestKey !== null) {
    facts.push(['manifest', `${manifestKey} (\`pollux batch manifest ${batch}\`)`]);
  }
  return facts;
}

function describeItems(state: BatchState): string {
  const { items, succeeded, failed, cancelled, expired, notStarted, inFlight, waiting } = state;
  const counts = [
    [succeeded, 'succeeded'],
    [failed, 'failed'],
    [expired, 'expired'],
    [cancelled, 'cancelled'],
    [notStarted, 'not started'],
    [inFlight, 'in flight'],
    [waiting, 'waiting'],
  ] as const;
  const present = counts.filter(([number]) => number > 0);
  return `${String(items)}: ${present.map(([number, word]) => `${String(number)} ${word}`).join(', ')}`;
}

function describeMoney({
  currency,
  spent,
  reserved,
  unknown,
}: BatchState['money'][number]): string {
  const format = (micros: string): string => formatMoney({ currency, micros });
  return [
    `${format(spent)} spent`,
    reserved === '0' ? undefined : `${format(reserved)} reserved`,
    unknown === '0' ? undefined : `${format(unknown)} unknown`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function toFailures({ failures }: BatchState, groups: readonly FailureGroup[]): readonly Fact[] {
  return byCount(failures).flatMap(([code, items]): readonly Fact[] => {
    const count = `${String(items)} ${code}`;
    const group = groups.find((other) => other.code === code);
    if (group === undefined) return [['failures', count]];
    const more = group.examples.length < items ? ', …' : '';
    return [
      ['failures', `${count}: ${group.examples.join(', ')}${more}`],
      ['', group.message],
    ];
  });
}

function byCount(failures: BatchState['failures']): readonly (readonly [string, number])[] {
  return Object.entries(failures).sort(([, left], [, right]) => right - left);
}
