import { condition, getExternalWorkflowHandle } from '@temporalio/workflow';
import type { PageReport } from '../core/batch-page.ts';
import { countEnded } from '../core/batch-tally.ts';
import type { BatchPageRecord } from './batch-page-record.ts';
import { reportPage } from './messages.ts';

/** Ends that are worth a report while the page fills its places itself. */
const WORTH_REPORTING = 25;
/** Part of the batch's window that may be free without a report: it is told with the next results. */
const FREE_SHARE = 0.02;
/** Part of it by which the jobs in flight have to change to be worth a report of their own. */
const MOVED_SHARE = 0.1;

/**
 * Tells the batch where the page stands: now and then while it fills its own places, and of every place that comes free
 * once it has nothing more to start, since the next page gets it. One signal at a time; while it is on its way, more comes
 * together. The last word is the page's result.
 */
export async function reportToBatch(page: BatchPageRecord): Promise<void> {
  const batch = getExternalWorkflowHandle(page.task.parentId);
  for (let last = page.toReport(); ;) {
    await condition(() => isClosing(page) || isWorthIt(page, last));
    if (isClosing(page)) return;
    last = page.toReport();
    try {
      await batch.signal(reportPage, last);
    } catch {
      // The batch is gone, terminated perhaps. Nobody counts the places any more, so no more are taken.
      page.stop();
      return;
    }
  }
}

/** Nothing is left to tell but the end. */
function isClosing(page: BatchPageRecord): boolean {
  return page.isOver || page.hasFailed;
}

function isWorthIt(page: BatchPageRecord, last: PageReport): boolean {
  // Places that are filled in this moment are not free.
  if (page.mayStart) return false;
  const now = page.toReport();
  if (now.isDraining && !last.isDraining) return true;
  if (countEnded(now.tally) - countEnded(last.tally) >= WORTH_REPORTING) return true;
  // Results were written.
  if (now.money !== last.money) return true;
  const { window, isLast } = page.task;
  const free = last.isDraining && !isLast ? last.inFlight - now.inFlight : 0;
  const moved = Math.abs(now.inFlight - last.inFlight);
  return free >= shareOf(window, FREE_SHARE) || moved >= shareOf(window, MOVED_SHARE);
}

function shareOf(window: number, share: number): number {
  return Math.max(1, Math.floor(window * share));
}
