/** What happens at a moment of virtual time. */
export interface Moment {
  readonly atMs: number;
  /** Takes it back, if it has not come yet. */
  cancel(): void;
}

interface Entry extends Moment {
  readonly order: number;
  readonly run: () => void;
  readonly isBackground: boolean;
  isCancelled: boolean;
}

/** How many moments pass before the process may look after its own business. */
const MOMENTS_PER_TURN = 2_000;

/**
 * Virtual time, and the one thread on which everything of a run happens: one moment after the other, each only after all
 * promises that the one before it settled have run out. The order depends on nothing but the order of the calls.
 */
export class VirtualTime {
  #nowMs: number;
  #order = 0;
  #foreground = 0;
  readonly #heap: Entry[] = [];
  readonly #afterPromises: (() => void)[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Moments to come that somebody waits for. */
  get pending(): number {
    return this.#foreground;
  }

  /** Runs `run` after `delayMs`; moments of the same time come in the order of their calls. */
  after(delayMs: number, run: () => void): Moment {
    return this.#add(delayMs, run, false);
  }

  /** The same for what goes on for ever, such as a schedule: nobody waits for it. */
  inBackground(delayMs: number, run: () => void): Moment {
    return this.#add(delayMs, run, true);
  }

  /** Runs `run` once all promises have run out, before time goes on. */
  afterPromises(run: () => void): void {
    this.#afterPromises.push(run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Lets time pass until nothing is left to come, or `isOver` says so. It is asked before each moment. */
  pass(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let moments = 0;
      const step = (): void => {
        try {
          if (!this.#advance(isOver)) {
            resolve();
            return;
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        moments += 1;
        if (moments % MOMENTS_PER_TURN === 0) setImmediate(step);
        // A tick that a promise callback asks for comes after every promise callback that is due.
        else void Promise.resolve().then(() => process.nextTick(step));
      };
      setImmediate(step);
    });
  }

  /** Forgets everything that was to come. */
  clear(): void {
    this.#heap.length = 0;
    this.#afterPromises.length = 0;
    this.#foreground = 0;
  }

  #advance(isOver: () => boolean): boolean {
    const urgent = this.#afterPromises.shift();
    if (urgent !== undefined) {
      urgent();
      return true;
    }
    if (isOver()) return false;
    const entry = this.#take();
    if (entry === undefined) return false;
    this.#nowMs = entry.atMs;
    entry.run();
    return true;
  }

  #add(delayMs: number, run: () => void, isBackground: boolean): Moment {
    const entry: Entry = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      order: this.#order,
      run,
      isBackground,
      isCancelled: false,
      cancel: () => {
        if (entry.isCancelled) return;
        entry.isCancelled = true;
        if (!isBackground) this.#foreground -= 1;
      },
    };
    this.#order += 1;
    if (!isBackground) this.#foreground += 1;
    this.#push(entry);
    return entry;
  }

  #take(): Entry | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      if (entry.isCancelled) continue;
      // From here on a late cancel changes nothing.
      entry.isCancelled = true;
      if (!entry.isBackground) this.#foreground -= 1;
      return entry;
    }
    return undefined;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
