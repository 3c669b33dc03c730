import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type {
  BatchStop,
  CarriedBatch,
  PageOrders,
  PageReport,
  PageTask,
  RunBatchInput,
} from '../core/batch-page.ts';
import { addTallies, countEnded, countFailed, EMPTY_TALLY } from '../core/batch-tally.ts';
import type { ItemTally } from '../core/batch-tally.ts';
import { MIN_ENDED_FOR_SHARE } from '../core/batch.ts';
import type { BatchMoney, BatchState, BatchStatus } from '../core/batch.ts';
import { toKeyword } from '../core/search-attributes.ts';
import { toBatchDetails } from './batch-details.ts';
import { OpenPage } from './batch-open-page.ts';
import { toBatchState } from './batch-view.ts';
import type { BatchEnding } from './batch-view.ts';

const STATUS = defineSearchAttributeKey('JobStatus', 'KEYWORD');

/** Counters and decisions of a batch; it never holds an item. */
export class BatchRecord {
  readonly batch: string;
  readonly run: string;
  readonly input: RunBatchInput;
  readonly #startedAt: string;
  readonly #pages = new Map<number, OpenPage>();
  #window: number;
  #nextPage: number;
  #isPaused: boolean;
  #reason: string | null;
  #stop: BatchStop | null;
  #ended: ItemTally;
  #fresh: ItemTally;
  #money: readonly BatchMoney[];
  #ending: BatchEnding | undefined;
  #finishedAt: string | null = null;
  #shownStatus: BatchStatus | undefined;

  constructor(batch: string, input: RunBatchInput) {
    const info = workflowInfo();
    const { carried } = input;
    this.batch = batch;
    this.input = input;
    this.run = carried?.run ?? info.firstExecutionRunId;
    this.#startedAt = carried?.startedAt ?? info.startTime.toISOString();
    this.#window = input.window;
    this.#nextPage = carried?.nextPage ?? 0;
    this.#isPaused = carried?.isPaused ?? false;
    this.#reason = carried?.reason ?? null;
    this.#stop = carried?.stop ?? null;
    this.#ended = carried?.ended ?? EMPTY_TALLY;
    this.#fresh = carried?.fresh ?? EMPTY_TALLY;
    this.#money = carried?.money ?? [];
    for (const open of carried?.open ?? []) {
      const { page } = open.report;
      this.#pages.set(page, OpenPage.from(this.#toTask(page, 0), open));
    }
  }

  get pages(): readonly OpenPage[] {
    return [...this.#pages.values()];
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  get isStopped(): boolean {
    return this.#stop !== null;
  }

  /** A page may be started now: no other one is taking places. */
  get mayStartPage(): boolean {
    if (this.#isPaused || this.isStopped || this.pages.some((page) => page.isFilling)) return false;
    return this.#lostPage() !== undefined || this.#nextPage < this.input.manifest.pages;
  }

  /** Nothing runs, and nothing will be started. */
  get isOver(): boolean {
    if (this.pages.some((page) => !page.isLost)) return false;
    if (this.isStopped) return true;
    return this.pages.length === 0 && this.#nextPage >= this.input.manifest.pages;
  }

  /** The next page, with the places that are free. One that was lost goes first. */
  takePage(): OpenPage {
    const lost = this.#lostPage();
    const number = lost?.task.page ?? this.#nextPage;
    if (lost === undefined) this.#nextPage += 1;
    // The jobs of a lost page are in flight still; it takes them over.
    this.#pages.delete(number);
    const page = new OpenPage(this.#toTask(number, this.#placesFor(undefined)));
    page.losses = lost?.losses ?? 0;
    this.#pages.set(number, page);
    return page;
  }

  takeReport(report: PageReport): void {
    const page = this.#pages.get(report.page);
    if (page === undefined || page.isLost) return;
    page.report = report;
    this.#noteMoney(report.money);
    this.#judge();
    this.show();
  }

  endPage(page: OpenPage, report: PageReport): void {
    this.#pages.delete(page.task.page);
    this.#ended = addTallies(this.#ended, report.tally);
    this.#fresh = addTallies(this.#fresh, report.fresh);
    this.#noteMoney(report.money);
    this.#judge();
    this.show();
  }

  /** A page closed without a word. It is started again, since its jobs go on and somebody must await them. */
  losePage(page: OpenPage, how: string, mostLosses: number): void {
    page.isLost = true;
    page.canHear = false;
    page.losses += 1;
    if (page.losses > mostLosses) {
      const name = `page ${page.task.page + 1}`;
      this.stop({ by: 'rule', reason: `${name} ended ${page.losses} times: ${how}` });
    }
    this.show();
  }

  /** What a page is to be told; `undefined` where it knows. */
  ordersFor(page: OpenPage): PageOrders | undefined {
    if (!page.canHear || page.isBeingTold) return undefined;
    const { told } = page;
    const places = page.isFilling ? this.#placesFor(page) : told.places;
    const cancelJobs = this.#stop?.cancelJobs ?? told.cancelJobs;
    const isNews =
      told.places !== places ||
      told.isStopped !== this.isStopped ||
      told.cancelJobs?.reason !== cancelJobs?.reason;
    if (!isNews) return undefined;
    const orders = { places, isStopped: this.isStopped };
    return cancelJobs === undefined ? orders : { ...orders, cancelJobs };
  }

  pause(reason: string): void {
    this.#isPaused = true;
    this.#reason = this.#stop?.reason ?? reason;
    this.show();
  }

  resume(): void {
    this.#isPaused = false;
    this.#reason = this.#stop?.reason ?? null;
    this.show();
  }

  changeWindow(window: number): void {
    this.#window = window;
    this.show();
  }

  /** The first reason stands; that the jobs are to be cancelled, too, may be added. */
  stop(stop: BatchStop): void {
    const first = this.#stop ?? stop;
    const cancelJobs = first.cancelJobs ?? stop.cancelJobs;
    this.#stop = cancelJobs === undefined ? first : { ...first, cancelJobs };
    this.#reason = first.reason;
    this.show();
  }

  end(ending: BatchEnding): BatchState {
    this.#ending = ending;
    this.#money = ending.money;
    this.#finishedAt = new Date().toISOString();
    this.show();
    return this.toState();
  }

  carry(): RunBatchInput {
    const carried: CarriedBatch = {
      run: this.run,
      startedAt: this.#startedAt,
      nextPage: this.#nextPage,
      isPaused: this.#isPaused,
      reason: this.#reason,
      stop: this.#stop,
      ended: this.#ended,
      fresh: this.#fresh,
      money: this.#money,
      open: this.pages.map((page) => page.toCarried()),
    };
    return { ...this.input, window: this.#window, carried };
  }

  toState(): BatchState {
    return toBatchState({
      batch: this.batch,
      items: this.input.manifest.items,
      window: this.#window,
      isPaused: this.#isPaused,
      stop: this.#stop,
      reason: this.#reason,
      money: this.#money,
      ended: this.#ended,
      fresh: this.#fresh,
      open: this.pages.map(({ report }) => report),
      ending: this.#ending,
      startedAt: this.#startedAt,
      finishedAt: this.#finishedAt,
    });
  }

  show(): void {
    const state = this.toState();
    setCurrentDetails(toBatchDetails(state, Date.now()));
    if (state.status === this.#shownStatus) return;
    this.#shownStatus = state.status;
    upsertSearchAttributes([
      { key: STATUS, value: state.status },
      { key: defineSearchAttributeKey('BatchId', 'KEYWORD'), value: toKeyword(this.batch) },
    ]);
  }

  #lostPage(): OpenPage | undefined {
    return this.pages.find((page) => page.isLost);
  }

  /** What the others leave of the window. */
  #placesFor(page: OpenPage | undefined): number {
    if (this.#isPaused || this.isStopped) return 0;
    const others = this.pages.filter((other) => other !== page);
    return Math.max(0, this.#window - others.reduce((sum, { report }) => sum + report.inFlight, 0));
  }

  #judge(): void {
    const share = this.input.stop?.failedShare;
    if (share === undefined || this.isStopped) return;
    const fresh = this.pages.reduce(
      (sum, { report }) => addTallies(sum, report.fresh),
      this.#fresh,
    );
    const ended = countEnded(fresh);
    const failed = countFailed(fresh);
    if (ended < MIN_ENDED_FOR_SHARE || failed / ended <= share) return;
    const reason = `${failed} of ${ended} items that ended have failed, more than the share of ${share}`;
    this.stop({ by: 'rule', reason });
  }

  #noteMoney(money: readonly BatchMoney[]): void {
    if (money.length > 0) this.#money = money;
  }

  #toTask(page: number, places: number): PageTask {
    const { manifest, tenant, rerun } = this.input;
    return {
      batch: this.batch,
      source: manifest.batch ?? this.input.batch,
      revision: manifest.revision,
      page,
      run: this.run,
      parentId: workflowInfo().workflowId,
      window: this.#window,
      places,
      isLast: page === manifest.pages - 1,
      ...(tenant === undefined ? {} : { tenant }),
      ...(rerun === undefined ? {} : { rerun }),
    };
  }
}
