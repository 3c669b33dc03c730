import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../../src/cli/main.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { loadConfig } from '../../../src/config.ts';
import type { ArtifactStore } from '../../../src/core/artifact-store.ts';
import type { Artifact } from '../../../src/core/job.ts';
import { toArtifactKey } from '../../../src/core/keys.ts';
import type { Ledger, OpenJobRequest } from '../../../src/core/ledger.ts';
import type { Installation } from '../../../src/installation.ts';
import { createInstallation } from '../../../src/installation.ts';
import type { CapturedTerminal, CapturedTerminalOptions } from './captured-terminal.ts';
import { captureTerminal } from './captured-terminal.ts';

export const VIDEO: Buffer = readFileSync(
  join(__dirname, '..', '..', 'fixtures', 'media', 'faststart.mp4'),
);
export const OPENED_AT = '2026-06-01T10:00:00.000Z';

/** Temporal and the provider are away. */
const toConfigText = (storageUrl: string): string => `
temporal: { address: "127.0.0.1:1" }
ledger: { url: "sqlite:ledger.db" }
storage: { url: "${storageUrl}" }
accounts:
  studio: { provider: nexusflow, apiKey: { env: NEXUSFLOW_API_KEY } }
`;

export interface Ran {
  readonly exitCode: number;
  readonly terminal: CapturedTerminal;
}

export interface StoreOptions extends Partial<
  Pick<OpenJobRequest, 'account' | 'batch' | 'tenant'>
> {
  readonly bytes?: Uint8Array;
  readonly index?: number;
  /** Absent: the job is open. */
  readonly endedAt?: string;
}

/** A configuration, a real ledger and a real store in a folder of their own. */
export class StoredArtifacts {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pollux-artifacts-'));
  readonly store: ArtifactStore;
  readonly #installation: Installation;
  #ledger: Ledger | undefined;

  constructor(storageUrl: string = 'file:artifacts') {
    writeFileSync(join(this.folder, 'pollux.yaml'), toConfigText(storageUrl));
    this.#installation = createInstallation(loadConfig({ cwd: this.folder, environment: {} }));
    this.store = this.#installation.openStore();
  }

  /** Publishes and records one artifact of a job, which is opened where it is new. */
  async add(jobId: string, options: StoreOptions = {}): Promise<Artifact> {
    const { bytes = VIDEO, index = 0, endedAt } = options;
    const ledger = (this.#ledger ??= await this.#installation.openLedger());
    if ((await ledger.job(jobId)) === undefined) await ledger.openJob(toRequest(jobId, options));
    const key = toArtifactKey(jobId, 1, index, 'mp4');
    const temporary = await this.store.openTemporary(key);
    await temporary.write(bytes);
    const published = await this.store.publish(temporary, key);
    const artifact: Artifact = {
      ...{ index, ...published, mediaType: 'video/mp4' },
      ...{ width: 64, height: 48, durationSeconds: 2 },
    };
    await ledger.recordArtifact({ jobId, number: 1 }, artifact, null, OPENED_AT);
    if (endedAt !== undefined) await this.#end(ledger, jobId, artifact, endedAt);
    return artifact;
  }

  /** Runs `pollux` in the folder, changed as a test wants it. */
  async run(
    line: readonly string[],
    options: CapturedTerminalOptions = {},
    change: (terminal: CapturedTerminal) => Terminal = (terminal) => terminal,
  ): Promise<Ran> {
    const terminal = captureTerminal({ cwd: this.folder, ...options });
    return { exitCode: await main(line, change(terminal)), terminal };
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  async close(): Promise<void> {
    await this.#ledger?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(ledger: Ledger, jobId: string, artifact: Artifact, endedAt: string): Promise<void> {
    const job = { jobId, account: 'studio', provider: 'nexusflow', model: 'wan2.6-t2v' };
    const counts = { taskId: null, submissions: 1, polls: 1, artifacts: [artifact] };
    const rest = { cost: null, error: null, hold: null, startedAt: OPENED_AT, finishedAt: endedAt };
    await ledger.closeJob(jobId, { ...job, status: 'succeeded', ...counts, ...rest }, endedAt);
  }
}

export function pathOf({ url }: Artifact): string {
  return fileURLToPath(url);
}

function toRequest(jobId: string, options: StoreOptions): OpenJobRequest {
  const { account = 'studio', batch = null, tenant = null } = options;
  return {
    ...{ jobId, number: 1, tenant, batch, account, provider: 'nexusflow', realm: 'studio' },
    requestHash: createHash('sha256').update(jobId).digest('hex'),
    model: 'wan2.6-t2v',
    quote: null,
    places: 100,
    input: { request: { model: `${account}/wan2.6-t2v`, prompt: 'a lighthouse' } },
    at: OPENED_AT,
  };
}
