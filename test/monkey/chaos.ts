import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { lockLedger } from '../installation/ledger-lock.ts';
import { PROVIDER_FAULTS } from '../installation/provider-faults.ts';
import type { Random } from '../model/random.ts';

/** Disturbs one installation until told to stop. Counts what it did, by kind. */
export class Chaos {
  readonly counts: Map<string, number> = new Map<string, number>();
  readonly #installation: TestInstallation;
  readonly #random: Random;
  readonly #workers: ChildCommand[] = [];

  constructor(installation: TestInstallation, random: Random) {
    this.#installation = installation;
    this.#random = random;
  }

  async startWorkers(count: number): Promise<void> {
    while (this.#workers.length < count) {
      this.#workers.push(await this.#installation.startWorker());
    }
  }

  /** One disturbance after the other until the time is over; every dependency is back when this returns. */
  async disturb(untilMs: number): Promise<void> {
    const kinds = [
      ...Array<() => Promise<void>>(5).fill(() => this.#troubleProvider()),
      ...Array<() => Promise<void>>(3).fill(() => this.#killWorker()),
      ...Array<() => Promise<void>>(2).fill(() => this.#freezeWorker()),
      ...Array<() => Promise<void>>(2).fill(() => this.#lockLedger()),
      () => this.#killServer(),
    ];
    while (Date.now() < untilMs) {
      await this.#pick(kinds)();
      await delay(500 + this.#random.next() * 2_500);
    }
    this.#installation.simulator.clearFaults();
  }

  #count(kind: string, times = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + times);
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  async #troubleProvider(): Promise<void> {
    const rule = this.#pick(PROVIDER_FAULTS);
    const times = 1 + Math.floor(this.#random.next() * 3);
    this.#installation.simulator.addFaults([{ ...rule, times }]);
    this.#count(`provider ${rule.operation} ${rule.fault.kind}`, times);
  }

  async #killWorker(): Promise<void> {
    await this.#workers
      .splice(Math.floor(this.#random.next() * this.#workers.length), 1)[0]
      ?.kill();
    this.#count('worker killed');
    this.#workers.push(await this.#installation.startWorker());
  }

  async #freezeWorker(): Promise<void> {
    const { pid } = this.#pick(this.#workers);
    process.kill(pid, 'SIGSTOP');
    this.#count('worker frozen');
    await delay(1_000 + this.#random.next() * 9_000);
    process.kill(pid, 'SIGCONT');
  }

  async #lockLedger(): Promise<void> {
    const release = await lockLedger(join(this.#installation.directory, 'ledger.db'));
    this.#count('ledger locked');
    await delay(500 + this.#random.next() * 9_000);
    release();
  }

  async #killServer(): Promise<void> {
    await this.#installation.killServer();
    this.#count('server killed');
    await delay(this.#random.next() * 3_000);
    await this.#installation.startServer();
  }
}
