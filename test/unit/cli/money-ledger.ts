import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { loadConfig } from '../../../src/config.ts';
import type {
  CostRecord,
  Ledger,
  OpenJobRequest,
  OutcomeRecord,
} from '../../../src/core/ledger.ts';
import type { Quote } from '../../../src/core/money.ts';
import { createInstallation } from '../../../src/installation.ts';
import type { CapturedTerminal, CapturedTerminalOptions } from './captured-terminal.ts';
import { captureTerminal } from './captured-terminal.ts';

/** Temporal and the provider are away. */
const toConfigText = (ledgerUrl: string): string => `
temporal: { address: "127.0.0.1:1" }
ledger: { url: "${ledgerUrl}" }
storage: { url: "file:artifacts" }
accounts:
  studio: { provider: nexusflow, apiKey: { env: NEXUSFLOW_API_KEY } }
`;

export interface Ran {
  readonly exitCode: number;
  /** All of stdout, written as text or as bytes. */
  readonly out: string;
  readonly err: string;
}

export interface BookOptions extends Partial<
  Pick<OpenJobRequest, 'account' | 'batch' | 'budgets' | 'model' | 'tenant'>
> {
  readonly micros?: string;
  readonly currency?: string;
  readonly estimated?: boolean;
  /** ISO 8601, of every entry. */
  readonly at?: string;
  /** Absent: the money stays reserved. */
  readonly end?: CostRecord['kind'];
}

/** A configuration and a real ledger in a folder of their own. */
export class MoneyLedger {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pollux-money-'));
  #ledger: Ledger | undefined;

  constructor(moreConfig: string = '', ledgerUrl: string = 'sqlite:ledger.db') {
    writeFileSync(this.path('pollux.yaml'), toConfigText(ledgerUrl) + moreConfig);
  }

  async open(): Promise<Ledger> {
    const config = loadConfig({ cwd: this.folder, environment: {} });
    return (this.#ledger ??= await createInstallation(config).openLedger());
  }

  /** Admits, arms and, where the money is to end, ends the first submission of a job. */
  async book(jobId: string, options: BookOptions = {}): Promise<void> {
    const { end, at = '2026-06-01T10:00:00.000Z' } = options;
    const ledger = await this.open();
    const quote = toQuote(options);
    const submission = { jobId, number: 1 };
    await ledger.openJob(toRequest(jobId, options, quote, at));
    if (end === undefined) return;
    const facts = { worker: 'w', keyId: 'k', newestKnownTaskId: null, deadlineAt: at, at };
    await ledger.arm(submission, { armingId: 'a', ...facts });
    await ledger.recordOutcome(submission, toAccepted(jobId), at);
    const discrepancy = end === 'unknown' ? { discrepancy: { status: 'expired' } } : {};
    await ledger.recordCost(submission, { kind: end, quote, reason: 'ended', ...discrepancy }, at);
  }

  /** Runs `pollux` in the folder, changed as a test wants it. */
  async run(
    line: readonly string[],
    options: CapturedTerminalOptions = {},
    change: (terminal: CapturedTerminal) => Terminal = (terminal) => terminal,
  ): Promise<Ran> {
    const terminal = captureTerminal({ cwd: this.folder, ...options });
    const exitCode = await main(line, change(terminal));
    return { exitCode, out: terminal.out() + terminal.bytes().toString(), err: terminal.err() };
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  async close(): Promise<void> {
    await this.#ledger?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Somebody presses Ctrl-C as soon as that ends the command in an orderly way. */
export function interruptedAtOnce(terminal: CapturedTerminal): Terminal {
  return {
    ...terminal,
    onInterrupt: (listener) => {
      listener();
      return () => undefined;
    },
  };
}

export function linesOf(text: string): readonly Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function toQuote(options: BookOptions): Quote {
  const { micros = '450000', currency = 'USD', estimated = false } = options;
  return { micros, currency, estimated, basis: '5 s', priceSource: 'a page, 2026-06-01' };
}

function toAccepted(jobId: string): OutcomeRecord {
  return {
    ...{ outcome: 'accepted', source: 'reply', taskId: `task_${jobId}`, operation: {} },
    snapshot: { status: 'queued', providerStatus: 'PENDING' },
  };
}

function toRequest(jobId: string, options: BookOptions, quote: Quote, at: string): OpenJobRequest {
  const { account = 'studio', batch = null, tenant = null, model = 'wan2.6-t2v' } = options;
  return {
    ...{ jobId, number: 1, tenant, batch, account, provider: 'nexusflow', realm: 'studio' },
    requestHash: createHash('sha256').update(jobId).digest('hex'),
    ...{ model, quote, places: 1000, at, ...(options.budgets && { budgets: options.budgets }) },
    input: { request: { model: `${account}/${model}`, prompt: 'a lighthouse' } },
  };
}
