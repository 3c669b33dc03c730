import type { CarriedPage, PageOrders, PageReport, PageTask } from '../core/batch-page.ts';
import { EMPTY_TALLY } from '../core/batch-tally.ts';

/** A page that has not ended, as its batch sees it. */
export class OpenPage {
  readonly task: PageTask;
  report: PageReport;
  losses: number;
  isLost: boolean;
  /** Its workflow exists, so it can be told something. */
  canHear = false;
  /** What it was told last; it is started with its first places. */
  told: PageOrders;
  isBeingTold = false;

  constructor(task: PageTask) {
    this.task = task;
    this.report = {
      run: task.run,
      page: task.page,
      inFlight: 0,
      isDraining: false,
      tally: EMPTY_TALLY,
      fresh: EMPTY_TALLY,
      money: [],
    };
    this.losses = 0;
    this.isLost = false;
    this.told = { places: task.places, isStopped: false };
  }

  static from(task: PageTask, { report, losses, isLost }: CarriedPage): OpenPage {
    const page = new OpenPage(task);
    page.report = report;
    page.losses = losses;
    page.isLost = isLost;
    page.canHear = !isLost;
    return page;
  }

  /** It takes every place that it is given. */
  get isFilling(): boolean {
    return !this.isLost && !this.report.isDraining;
  }

  toCarried(): CarriedPage {
    return { report: this.report, losses: this.losses, isLost: this.isLost };
  }
}
