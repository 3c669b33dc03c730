import { workflowInfo } from '@temporalio/workflow';
import type { ItemToRun, PageOrders, PageReport, PageTask } from '../core/batch-page.ts';
import { addTallies, countItem, EMPTY_TALLY } from '../core/batch-tally.ts';
import type { ItemTally } from '../core/batch-tally.ts';
import type { BatchMoney, ItemResult } from '../core/batch.ts';
import type { Decision } from '../core/job.ts';

/** So many items wait to be started at least, while there are more: a free place never waits for a reading. */
const READ_AHEAD = 100;

/**
 * Starts that the server has not confirmed, at most. Each needs the lock of this workflow twice, and one that waits for it
 * longer than half a second is put off for seconds (measured: 500 at once came in waves of three seconds and were slower
 * than 20 to 40 at a time by a third).
 */
const MOST_STARTING = 30;

/** Characters of the results that one step writes: the server warns of an argument above 512 KB. */
const MOST_TEXT = 262_144;

/** What a page knows. Plain counting; nothing here awaits. */
export class BatchPageRecord {
  readonly task: PageTask;
  #places: number;
  #isStopped = false;
  #cancelJobs: Decision | undefined;
  #queue: ItemToRun[] = [];
  #next: number | null = 0;
  #isReading = false;
  #inFlight = new Set<string>();
  #starting = 0;
  #tally: ItemTally = EMPTY_TALLY;
  #fresh: ItemTally = EMPTY_TALLY;
  #unrecorded: ItemResult[] = [];
  #money: readonly BatchMoney[] = [];
  #trouble: { readonly error: unknown } | undefined;

  constructor(task: PageTask) {
    this.task = task;
    this.#places = task.places;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Jobs in flight, by item. */
  get items(): readonly string[] {
    return [...this.#inFlight];
  }

  /** Jobs whose start the server has not confirmed yet. */
  get starting(): number {
    return this.#starting;
  }

  get cancelJobs(): Decision | undefined {
    return this.#cancelJobs;
  }

  get next(): number | null {
    return this.#next;
  }

  get unrecorded(): number {
    return this.#unrecorded.length;
  }

  /** Nothing is left to start. */
  get isDraining(): boolean {
    if (this.#isReading) return false;
    return this.#isStopped || (this.#next === null && this.#queue.length === 0);
  }

  get isOver(): boolean {
    return this.isDraining && this.#inFlight.size === 0;
  }

  get mayStart(): boolean {
    if (this.#isStopped || this.#queue.length === 0) return false;
    return this.#starting < MOST_STARTING && this.#inFlight.size < this.#places;
  }

  get mayRead(): boolean {
    if (this.#isStopped || this.#isReading || this.#next === null) return false;
    return this.#queue.length < READ_AHEAD;
  }

  /** Throws what a part of the page that runs beside the others has met. */
  check(): void {
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }

  get hasFailed(): boolean {
    return this.#trouble !== undefined;
  }

  fail(error: unknown): void {
    this.#trouble ??= { error };
  }

  order({ places, isStopped, cancelJobs }: PageOrders): void {
    this.#places = places;
    if (isStopped) this.stop();
    this.#cancelJobs ??= cancelJobs;
  }

  stop(): void {
    this.#isStopped = true;
    this.#queue = [];
  }

  beginReading(): void {
    this.#isReading = true;
  }

  /** Takes what was read: `kept` are items that had ended before. */
  addItems(items: readonly ItemToRun[], kept: ItemTally, next: number | null): void {
    this.#isReading = false;
    this.#next = next;
    this.#tally = addTallies(this.#tally, kept);
    if (!this.#isStopped) this.#queue.push(...items);
  }

  /** The next item, which is in flight from now on. */
  begin(): ItemToRun | undefined {
    const item = this.#queue.shift();
    if (item === undefined) return undefined;
    this.#inFlight.add(item.id);
    this.#starting += 1;
    return item;
  }

  confirmStart(): void {
    this.#starting -= 1;
  }

  /** Frees the place, whatever the end. An item that was only waited for is not this run's. */
  end({ id, how }: ItemToRun, result: ItemResult): void {
    this.#inFlight.delete(id);
    this.#tally = countItem(this.#tally, result);
    if (how !== 'await') this.#fresh = countItem(this.#fresh, result);
    this.#unrecorded.push(result);
  }

  /** As many as one step takes. */
  takeUnrecorded(most: number): readonly ItemResult[] {
    let length = 0;
    const tooLong = this.#unrecorded.findIndex((result, index) => {
      length += JSON.stringify(result).length;
      return index > 0 && length > MOST_TEXT;
    });
    return this.#unrecorded.splice(0, tooLong === -1 ? most : Math.min(most, tooLong));
  }

  addMoney(money: readonly BatchMoney[]): void {
    this.#money = money;
  }

  toReport(): PageReport {
    return {
      run: this.task.run,
      page: this.task.page,
      inFlight: this.#inFlight.size,
      isDraining: this.isDraining,
      tally: this.#tally,
      fresh: this.#fresh,
      money: this.#money,
    };
  }

  /** For a person. */
  toDetails(): string {
    const { batch, page } = this.task;
    const { succeeded, failed, cancelled, expired } = this.#tally;
    return [
      `page ${page + 1} of batch \`${batch}\``,
      '',
      `- in flight ${this.#inFlight.size} of ${this.#places}`,
      `- succeeded ${succeeded}, failed ${failed}, expired ${expired}, cancelled ${cancelled}`,
    ].join('\n');
  }
}

/** Names what this run of a page writes: another run of the same page writes other results under other names. */
export function nameOfPart(number: number): string {
  return `${workflowInfo().runId.slice(0, 8)}-${String(number).padStart(4, '0')}`;
}
