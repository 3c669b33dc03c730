import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { RunningSimulator, SimulatorOptions } from '../../../simulator/index.ts';
import { startSimulator } from '../../../simulator/index.ts';
import { parseConfig } from '../../../src/config.ts';
import type { AccountEntry } from '../../../src/core/accounts.ts';
import type { ArtifactStore } from '../../../src/core/artifact-store.ts';
import { toIsoTime } from '../../../src/core/clock.ts';
import type { Artifact, JobInput, JobResult } from '../../../src/core/job.ts';
import { toArtifactKey } from '../../../src/core/keys.ts';
import type {
  Ledger,
  OpenJobRequest,
  OutcomeRecord,
  TaskSource,
} from '../../../src/core/ledger.ts';
import type { Logger } from '../../../src/core/logger.ts';
import type { Quote } from '../../../src/core/money.ts';
import type { Installation } from '../../../src/installation.ts';
import { createInstallation } from '../../../src/installation.ts';
import { ScriptedRuns } from './scripted-runs.ts';

export const START_MS: number = Date.parse('2026-06-01T10:00:00.000Z');
export const KEY = 'sk-maintained-0123456789';
export const MODEL = 'wan2.6-t2v';

const VIDEO = readFileSync(join(__dirname, '..', '..', 'fixtures', 'media', 'faststart.mp4'));
const SUBMIT_TIMEOUT_MS = 30_000;
const quiet = (): void => undefined;

export const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A real ledger, store and simulated provider; workflows and the time are the test's own. */
export class MaintainedInstallation {
  readonly runs: ScriptedRuns = new ScriptedRuns();
  readonly directory: string;
  readonly time: { nowMs: number };
  readonly simulator: RunningSimulator;
  readonly installation: Installation;
  readonly ledger: Ledger;
  readonly store: ArtifactStore;

  static async open(options: SimulatorOptions = {}): Promise<MaintainedInstallation> {
    const time = { nowMs: START_MS };
    const simulator = await startSimulator({ nowMs: () => time.nowMs, ...options });
    const directory = mkdtempSync(join(tmpdir(), 'pollux-maintained-'));
    const installation = createInstallation(
      parseConfig(toConfigText(simulator), {
        file: join(directory, 'pollux.yaml'),
        directory,
        environment: { MAIN_KEY: KEY },
      }),
    );
    const ledger = await installation.openLedger();
    return new MaintainedInstallation(directory, time, simulator, installation, ledger);
  }

  private constructor(
    directory: string,
    time: { nowMs: number },
    simulator: RunningSimulator,
    installation: Installation,
    ledger: Ledger,
  ) {
    this.directory = directory;
    this.time = time;
    this.simulator = simulator;
    this.installation = installation;
    this.ledger = ledger;
    this.store = installation.openStore();
  }

  get clock(): () => number {
    return () => this.time.nowMs;
  }

  get now(): string {
    return toIsoTime(this.time.nowMs);
  }

  get main(): AccountEntry {
    const entry = this.installation.accounts.get('main');
    if (entry === undefined) throw new Error('the configuration has an account main');
    return entry;
  }

  get quote(): Quote {
    const quote = this.main.provider.quote({ model: MODEL, durationSeconds: 5 });
    if (quote === undefined) throw new Error(`${MODEL} has a price`);
    return quote;
  }

  pass(seconds: number): void {
    this.time.nowMs += seconds * 1000;
  }

  /** A task that is made at the provider behind our back. */
  async buy(prompt: string, key: string = KEY): Promise<string> {
    const reply = await fetch(`${this.simulator.baseUrls.nexusflow}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, prompt, duration: 5 }),
    });
    return ((await reply.json()) as { readonly id: string }).id;
  }

  async opened(jobId: string, changes: Partial<OpenJobRequest> = {}): Promise<void> {
    await this.ledger.openJob({
      jobId,
      number: 1,
      requestHash: createHash('sha256').update(jobId).digest('hex'),
      tenant: null,
      batch: null,
      account: 'main',
      provider: 'nexusflow',
      realm: 'studio',
      model: MODEL,
      quote: this.quote,
      places: 1_000_000,
      input: inputOf(jobId),
      at: this.now,
      ...changes,
    });
    this.runs.run(jobId);
  }

  async armed(jobId: string, number: number = 1): Promise<void> {
    if (number === 1) await this.opened(jobId);
    await this.ledger.arm(
      { jobId, number },
      {
        armingId: `arming-of-${jobId}-${number}`,
        worker: 'worker-1',
        keyId: 'env:MAIN_KEY',
        deadlineAt: toIsoTime(this.time.nowMs + SUBMIT_TIMEOUT_MS),
        newestKnownTaskId: null,
        at: this.now,
      },
    );
  }

  /** Armed, and the reply was lost. */
  async unknown(jobId: string): Promise<void> {
    await this.armed(jobId);
    const outcome = { outcome: 'unknown', evidence: { reason: 'ECONNRESET' } } as const;
    await this.ledger.recordOutcome({ jobId, number: 1 }, outcome, this.now);
  }

  /** Returns the id of its task. */
  async accepted(jobId: string, number: number = 1): Promise<string> {
    await this.armed(jobId, number);
    const taskId = await this.buy(`prompt of ${jobId}`);
    await this.ledger.recordOutcome({ jobId, number }, this.acceptance(taskId), this.now);
    return taskId;
  }

  acceptance(
    taskId: string,
    source: TaskSource = 'reply',
  ): Extract<OutcomeRecord, { outcome: 'accepted' }> {
    return {
      outcome: 'accepted',
      source,
      taskId,
      operation: this.main.provider.operationOf(taskId, { model: MODEL }),
      snapshot: { status: 'running', providerStatus: 'running' },
    };
  }

  /** Accepted, booked, stored and closed. Returns its artifact. */
  async succeeded(jobId: string): Promise<Artifact> {
    const taskId = await this.accepted(jobId);
    return await this.finished(jobId, taskId);
  }

  /** Books, stores and closes a job whose first submission holds the task. */
  async finished(jobId: string, taskId: string): Promise<Artifact> {
    const submission = { jobId, number: 1 };
    const cost = { kind: 'charge', quote: this.quote, reason: 'succeeded' } as const;
    await this.ledger.recordCost(submission, cost, this.now);
    const artifact = await this.publish(toArtifactKey(jobId, 1, 0, 'mp4'));
    await this.ledger.recordArtifact(submission, artifact, null, this.now);
    await this.ledger.closeJob(
      jobId,
      this.result(jobId, { taskId, artifacts: [artifact] }),
      this.now,
    );
    this.runs.close(jobId, 'completed');
    return artifact;
  }

  async publish(key: string, bytes: Uint8Array = VIDEO): Promise<Artifact> {
    const temporary = await this.store.openTemporary(key);
    await temporary.write(bytes);
    const published = await this.store.publish(temporary, key);
    return {
      index: 0,
      ...published,
      mediaType: 'video/mp4',
      width: null,
      height: null,
      durationSeconds: null,
    };
  }

  result(jobId: string, changes: Partial<JobResult> = {}): JobResult {
    return {
      jobId,
      status: 'succeeded',
      account: 'main',
      provider: 'nexusflow',
      model: MODEL,
      taskId: null,
      submissions: 1,
      polls: 3,
      artifacts: [],
      cost: null,
      error: null,
      hold: null,
      startedAt: toIsoTime(START_MS),
      finishedAt: this.now,
      ...changes,
    };
  }

  /** Changes the database behind the ledger's back: its guards are gone meanwhile, and stand again afterwards. */
  tamper(...statements: readonly string[]): void {
    const database = new DatabaseSync(join(this.directory, 'ledger.db'));
    try {
      const triggers = database
        .prepare("select name, sql from sqlite_schema where type = 'trigger'")
        .all() as readonly { readonly name: string; readonly sql: string }[];
      database.exec('PRAGMA foreign_keys = OFF');
      for (const { name } of triggers) database.exec(`drop trigger ${name}`);
      for (const statement of statements) database.exec(statement);
      for (const { sql } of triggers) database.exec(sql);
    } finally {
      database.close();
    }
  }

  dropGuard(name: string): void {
    const database = new DatabaseSync(join(this.directory, 'ledger.db'));
    try {
      database.exec(`drop trigger ${name}`);
    } finally {
      database.close();
    }
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await this.simulator.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function inputOf(jobId: string): JobInput {
  return { request: { model: `main/${MODEL}`, prompt: `prompt of ${jobId}`, durationSeconds: 5 } };
}

function toConfigText({ baseUrls }: RunningSimulator): string {
  const main = {
    provider: 'nexusflow',
    baseUrl: baseUrls.nexusflow,
    apiKey: { env: 'MAIN_KEY' },
    realm: 'studio',
    exclusive: true,
    allowPrivateHosts: true,
  };
  return JSON.stringify({
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: 'file:artifacts' },
    spool: { directory: 'spool' },
    accounts: { main },
  });
}
