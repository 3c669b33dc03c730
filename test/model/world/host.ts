import { createActivities, createSubmitGate } from '../../../src/activities/index.ts';
import type { Activities, ActivityPorts } from '../../../src/activities/index.ts';
import type { JobRuns } from '../../../src/core/job-runs.ts';
import { keepHouse } from '../../../src/worker/housekeeping.ts';
import { runInContext } from '../temporal/context.ts';
import type { CodeContext } from '../temporal/context.ts';
import type { TemporalServer } from '../temporal/temporal-server.ts';
import { WorkerProcess } from '../temporal/worker-process.ts';
import type { WorkerProcessOptions } from '../temporal/worker-process.ts';
import type { Moment } from '../virtual-time.ts';
import { MemorySpool } from './memory-spool.ts';

export interface HostOptions extends Pick<
  WorkerProcessOptions,
  'server' | 'perform' | 'wire' | 'skewMs' | 'isServerAway'
> {
  readonly name: string;
  readonly createPorts: (process: WorkerProcess, host: Host) => Omit<ActivityPorts, 'gate'>;
  /** Takes a guarantee away; the identity in a true run. */
  readonly weaken: (activities: Activities, ports: ActivityPorts) => Activities;
  readonly runs: JobRuns;
  readonly restartMs: () => number;
}

/** A machine: its disk, with the spool, outlives the processes that run on it one after the other. */
export class Host {
  readonly spool: MemorySpool = new MemorySpool();
  readonly #options: HostOptions;
  #starts = 0;
  #process: WorkerProcess | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get process(): WorkerProcess | undefined {
    return this.#process;
  }

  get #server(): TemporalServer {
    return this.#options.server;
  }

  /** Starts a process, as the composition root does: the spool is looked after first, then tasks are taken. */
  start(): void {
    this.#starts += 1;
    const { name, createPorts, weaken, runs } = this.#options;
    const gate = createSubmitGate();
    let ports: ActivityPorts | undefined;
    const process = new WorkerProcess({
      ...this.#options,
      name: `${name}:${this.#starts}`,
      createActivities: (self) => {
        ports = { ...createPorts(self, this), gate };
        return weaken(createActivities(ports), ports);
      },
      onDeath: () => {
        this.#server.time.after(this.#options.restartMs(), () => this.start());
      },
    });
    this.#process = process;
    if (ports === undefined) return;
    const house = runInContext(new House(process), () => keepHouse(ports as ActivityPorts, runs));
    house.then(() => this.#server.join(process)).catch(() => undefined);
  }
}

/** Housekeeping of a process: its rounds come for ever, and nobody waits for them. */
class House implements CodeContext {
  readonly #process: WorkerProcess;

  constructor(process: WorkerProcess) {
    this.#process = process;
  }

  wallMs(): number {
    return this.#process.wallMs();
  }

  monotonicMs(): number {
    return this.#process.monotonicMs();
  }

  setTimer(delayMs: number, run: () => void): Moment {
    return this.#process.time.inBackground(delayMs, () => {
      if (this.#process.isAlive) run();
    });
  }
}
