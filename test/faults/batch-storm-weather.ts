import { setTimeout as delay } from 'node:timers/promises';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { BatchItem } from '../../src/core/batch.ts';
import { toItemJobId } from '../../src/core/keys.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { PROVIDER_FAULTS } from '../installation/provider-faults.ts';
import type { Random } from '../model/random.ts';

/** From when to when nothing could be started. Milliseconds since 1970. */
export interface Outage {
  readonly kind: 'worker' | 'server';
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WeatherPlan {
  /** From one SIGKILL of a worker to the next. */
  readonly killIntervalMs: number;
  /** No worker is killed any more once so many creates were accepted: the last jobs of a small batch end in peace. */
  readonly lastKillBefore: number;
  /**
   * The provider fails no more once so many creates were accepted: faults come by the clock, so that those of the last files
   * would all strike the last job, for as long as it tries.
   */
  readonly lastFaultBefore: number;
  /** The server is restarted once so many creates were accepted. */
  readonly serverAfter: number;
}

const FIRST_KILL_MS = 12_000;
const FAULT_INTERVAL_MS = 2_500;
const SERVER_AWAY_MS = 2_000;
const DECIDE_INTERVAL_MS = 1_000;
const DECISION = { author: 'test', reason: 'the books of the provider' };

/** What goes wrong while a batch runs, and the operator who decides about the jobs that are held. */
export class Weather {
  readonly outages: Outage[] = [];
  faults = 0;
  decided = 0;
  readonly #installation: TestInstallation;
  readonly #random: Random;
  readonly #over = new AbortController();
  readonly #workers: ChildCommand[] = [];
  #parts: readonly Promise<void>[] = [];

  constructor(installation: TestInstallation, random: Random) {
    this.#installation = installation;
    this.#random = random;
  }

  async startWorkers(count: number): Promise<void> {
    while (this.#workers.length < count) {
      this.#workers.push(await this.#installation.startWorker());
    }
  }

  begin(batch: string, items: readonly BatchItem[], plan: WeatherPlan): void {
    this.#parts = [
      this.#troubleProvider(plan.lastFaultBefore),
      this.#killWorkers(plan),
      this.#restartServer(plan.serverAfter),
      this.#decide(batch, items),
    ];
  }

  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#parts);
    this.#installation.simulator.clearFaults();
  }

  /** False where the weather is over. */
  async #wait(ms: number): Promise<boolean> {
    const { signal } = this.#over;
    await delay(ms, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  #countCreates(): number {
    return this.#installation.simulator.log().filter(({ kind }) => kind === 'create').length;
  }

  async #troubleProvider(before: number): Promise<void> {
    while ((await this.#wait(FAULT_INTERVAL_MS)) && this.#countCreates() < before) {
      this.#installation.simulator.addFaults([this.#random.pick(PROVIDER_FAULTS)]);
      this.faults += 1;
    }
  }

  async #killWorkers({ killIntervalMs, lastKillBefore }: WeatherPlan): Promise<void> {
    let waitMs = FIRST_KILL_MS;
    while ((await this.#wait(waitMs)) && this.#countCreates() < lastKillBefore) {
      const fromMs = Date.now();
      await this.#workers.shift()?.kill();
      await this.#replaceWorker();
      const toMs = Date.now();
      this.outages.push({ kind: 'worker', fromMs, toMs });
      waitMs = Math.max(0, killIntervalMs - (toMs - fromMs));
    }
  }

  /** A worker that finds no server ends, and is started again, as a supervisor would. */
  async #replaceWorker(): Promise<void> {
    do {
      const worker = await this.#installation.startWorker().catch(() => undefined);
      if (worker !== undefined) {
        this.#workers.push(worker);
        return;
      }
    } while (await this.#wait(500));
  }

  async #restartServer(after: number): Promise<void> {
    const { killServer, startServer } = this.#installation;
    do {
      if (!(await this.#wait(500))) return;
    } while (this.#countCreates() < after);
    const fromMs = Date.now();
    await killServer();
    await delay(SERVER_AWAY_MS);
    await startServer();
    this.outages.push({ kind: 'server', fromMs, toMs: Date.now() });
  }

  async #decide(batch: string, items: readonly BatchItem[]): Promise<void> {
    const prompts = new Map(
      items.map(({ id, request }) => [toItemJobId(batch, id), request.prompt ?? '']),
    );
    const { client } = this.#installation;
    while (await this.#wait(DECIDE_INTERVAL_MS)) {
      try {
        for await (const { jobId } of client.list({ batch, held: true })) {
          await this.#resolve(jobId, prompts.get(jobId) ?? '');
        }
      } catch {
        // Away, or decided meanwhile: it is looked at again.
      }
    }
  }

  async #resolve(jobId: string, prompt: string): Promise<void> {
    const { client, creates } = this.#installation;
    const taskId = creates(prompt)[0]?.taskId;
    const resolution =
      taskId === undefined ? ({ kind: 'resubmit' } as const) : ({ kind: 'adopt', taskId } as const);
    await client.job(jobId).resolve(resolution, DECISION);
    this.decided += 1;
  }
}
