import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../client.ts';
import type { JobHandle, PolluxClient } from '../client.ts';
import { loadConfig } from '../config.ts';
import type { Config } from '../config.ts';
import type { JobResult } from '../core/job.ts';
import type { CurrencyTotals } from '../core/ledger.ts';
import { formatMoney } from '../core/money.ts';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';
import { createInstallation } from '../installation.ts';
import { parseMediaRequest } from '../schema/request.ts';
import { connectTemporal } from '../runtime/connection.ts';
import { startChildCommand } from './child-command.ts';
import type { ChildCommand } from './child-command.ts';
import { findDisagreements } from './demo-check.ts';
import type { BookEntry } from './demo-check.ts';
import { DEMO_JOBS, ENDLESS_PROMPT, toDemoConfig } from './demo-jobs.ts';
import { startDevServer } from './dev-server.ts';
import type { DevServer } from './dev-server.ts';
import { formatDuration } from './format.ts';
import { awaitInterruption, print } from './host.ts';
import { findFreePort, preferPort } from './ports.ts';
import { renderTable } from './table.ts';
import { findTemporalCli } from './temporal-cli.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

export interface DemoOptions {
  /** Leave everything up until Ctrl-C. */
  readonly keep: boolean;
  readonly terminal: Terminal;
}

const DEMO_TIMEOUT_MS = 180_000;
const UI_PORT = 8233;
const KEY = { POLLUX_DEMO_KEY: 'demo-key' };

/**
 * Runs the whole system offline: a real Temporal server on a file, two simulated providers, a worker, eight jobs. Meanwhile
 * the worker is killed and the server is killed and started again. Then it compares jobs, files, ledger and the providers'
 * own books. Resolves with 0 only where all of them agree.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const stage = new DemoStage(options.terminal);
  const interrupted = awaitInterruption(options.terminal);
  try {
    const outcome = await Promise.race([
      stage.play(),
      interrupted.happened.then(() => 130),
      delay(DEMO_TIMEOUT_MS, 1, { ref: false }),
    ]);
    if (options.keep && outcome !== 130) {
      stage.say(`everything stays up: Temporal UI ${stage.uiUrl ?? ''}; Ctrl-C ends it`);
      await interrupted.happened;
    }
    return outcome;
  } finally {
    interrupted.stop();
    await stage.close();
  }
}

class DemoStage {
  readonly #terminal: Terminal;
  readonly #directory: string;
  readonly #startedAtMs = Date.now();
  /** What to end, in the order it was begun. */
  readonly #releases: (() => Promise<void>)[] = [];
  readonly #waiting = new AbortController();
  #server: DevServer | undefined;
  #worker: ChildCommand | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#directory = join(terminal.cwd, '.pollux', 'demo');
  }

  get uiUrl(): string | undefined {
    return this.#server?.uiUrl;
  }

  say(text: string): void {
    const seconds = ((Date.now() - this.#startedAtMs) / 1000).toFixed(1).padStart(5);
    const { stderr } = this.#terminal;
    stderr.write(`${paint(this.#terminal, stderr, 'dim', `${seconds} s`)}  ${text}\n`);
  }

  async play(): Promise<number> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true });
    const simulators = await this.#startSimulators();
    const serve = await this.#prepareServer();
    const config = await this.#configure(serve.port, simulators);
    this.#releases.push(async () => this.#server?.stop());
    await serve.start();
    this.#releases.push(async () => this.#worker?.stop());
    await this.#startWorker('a worker serves all queues');

    const access = await connectTemporal(config);
    this.#releases.push(() => access.close());
    const { accounts } = createInstallation(config);
    const client = createClient({
      temporal: access.temporal,
      accounts,
      parseRequest: parseMediaRequest,
    });
    const handles = await this.#startJobs(client);
    await this.#crash(handles, serve);
    const results = await this.#collect(handles);
    return await this.#report(config, results, simulators);
  }

  async close(): Promise<void> {
    this.#waiting.abort();
    for (const release of this.#releases.reverse()) await release().catch(() => undefined);
  }

  #log(name: string): string {
    return join(this.#directory, `${name}.log`);
  }

  async #startSimulators(): Promise<{ readonly dollars: string; readonly yuan: string }> {
    const [dollars, yuan] = await Promise.all([
      this.#startSimulator('dollars', 'USD'),
      this.#startSimulator('yuan', 'CNY'),
    ]);
    const rule = {
      provider: 'dieyuyun',
      operation: 'create',
      match: ENDLESS_PROMPT,
      fault: { kind: 'stuck_task' },
    };
    await fetch(`${dollars}/admin/faults`, { method: 'POST', body: JSON.stringify([rule]) });
    this.say(`two simulated providers: ${dollars} bills in USD, ${yuan} in CNY`);
    return { dollars, yuan };
  }

  async #startSimulator(name: string, currency: string): Promise<string> {
    const port = await findFreePort('127.0.0.1');
    const parameters = `simulator --port ${port} --seed 7 --currency ${currency} --speed 15`;
    const simulator = await startChildCommand(
      [...parameters.split(' '), '--log', join(this.#directory, `${name}.book.jsonl`)],
      { logFile: this.#log(name) },
    );
    this.#releases.push(() => simulator.stop());
    return `http://127.0.0.1:${port}`;
  }

  async #prepareServer(): Promise<{ readonly port: number; start: () => Promise<void> }> {
    const cli = await findTemporalCli();
    const port = await findFreePort('127.0.0.1');
    const uiPort = await preferPort('127.0.0.1', UI_PORT);
    const start = async (): Promise<void> => {
      this.#server = await startDevServer({
        cliPath: cli.path,
        port,
        uiPort,
        databaseFile: join(this.#directory, 'temporal.db'),
        logFile: this.#log('temporal'),
        searchAttributes: SEARCH_ATTRIBUTES,
      });
      this.say(`${cli.version} on 127.0.0.1:${port}, its UI on ${this.#server.uiUrl ?? 'no port'}`);
    };
    return { port, start };
  }

  async #configure(port: number, simulators: { dollars: string; yuan: string }): Promise<Config> {
    const file = join(this.#directory, 'pollux.yaml');
    await writeFile(file, toDemoConfig({ temporal: `127.0.0.1:${port}`, ...simulators }));
    return loadConfig({ file, environment: { ...KEY }, cwd: this.#directory });
  }

  async #startWorker(note: string): Promise<void> {
    const file = join(this.#directory, 'pollux.yaml');
    const worker = await startChildCommand(['worker', '--config', file], {
      logFile: this.#log('worker'),
      environment: KEY,
    });
    this.#worker = worker;
    this.say(`${note} (process ${worker.pid})`);
  }

  async #startJobs(client: PolluxClient): Promise<ReadonlyMap<string, JobHandle>> {
    const handles = new Map<string, JobHandle>();
    for (const { jobId, request } of DEMO_JOBS) {
      handles.set(jobId, await client.start(request, { jobId }));
    }
    this.say(`${handles.size} jobs are started`);
    return handles;
  }

  /** Kills the worker, then the server, each while tasks run at the providers, and cancels one job after it. */
  async #crash(
    handles: ReadonlyMap<string, JobHandle>,
    serve: { start: () => Promise<void> },
  ): Promise<void> {
    await this.#untilRunning(handles);
    await this.#worker?.kill();
    this.say('the worker was killed (SIGKILL) while tasks run');
    await this.#startWorker('a new worker takes over');
    await this.#server?.kill();
    this.say('the Temporal server was killed (SIGKILL) while jobs wait');
    await delay(1_000);
    await serve.start();
    const toCancel = DEMO_JOBS.filter((job) => job.isCancelled === true);
    for (const { jobId } of toCancel) {
      await handles.get(jobId)?.cancel({ author: 'demo', reason: 'second thoughts' });
      this.say(`${jobId} was asked to cancel`);
    }
  }

  /** A worker that dies during a POST leaves its outcome unknown, and the job to a person: that is not for a demo. */
  async #untilRunning(handles: ReadonlyMap<string, JobHandle>): Promise<void> {
    for (const handle of handles.values()) {
      for await (const state of handle.watch({ intervalMs: 100 })) {
        if (state.taskId !== null) break;
      }
    }
  }

  async #collect(handles: ReadonlyMap<string, JobHandle>): Promise<ReadonlyMap<string, JobResult>> {
    const results = new Map<string, JobResult>();
    const collecting = [...handles].map(async ([jobId, handle]) => {
      const result = await handle.result({ signal: this.#waiting.signal });
      results.set(jobId, result);
      this.say(`${jobId} ${result.status}`);
    });
    await Promise.all(collecting);
    return results;
  }

  async #report(
    config: Config,
    results: ReadonlyMap<string, JobResult>,
    simulators: { readonly dollars: string; readonly yuan: string },
  ): Promise<number> {
    const ledger = await createInstallation(config).openLedger();
    const totals = await ledger.totals({});
    await ledger.close();
    const book = [...(await readBook(simulators.dollars)), ...(await readBook(simulators.yuan))];
    const disagreements = await findDisagreements(DEMO_JOBS, results, book, totals);
    print(this.#terminal, `\n${toTable(results, book)}`);
    for (const total of totals) print(this.#terminal, `ledger: ${toTotalLine(total)}`);
    print(this.#terminal, `files: ${config.storage.url}`);
    print(this.#terminal, `Temporal UI: ${this.uiUrl ?? ''} (up with \`npm run demo -- --keep\`)`);
    const took = formatDuration(Date.now() - this.#startedAtMs);
    for (const line of disagreements) print(this.#terminal, `DISAGREEMENT: ${line}`);
    if (disagreements.length > 0) return 1;
    print(
      this.#terminal,
      `every job was created once, every file is whole, every bill agrees with the ledger; ${took}`,
    );
    return 0;
  }
}

async function readBook(url: string): Promise<readonly BookEntry[]> {
  const response = await fetch(`${url}/admin/log`);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BookEntry);
}

function toTable(results: ReadonlyMap<string, JobResult>, book: readonly BookEntry[]): string {
  const rows = DEMO_JOBS.flatMap((job) => {
    const result = results.get(job.jobId);
    if (result === undefined) return [];
    const creates = book.filter(
      (entry) => entry.kind === 'create' && entry.taskId === result.taskId,
    );
    const [artifact] = result.artifacts;
    return [
      [
        job.jobId,
        job.request.model,
        result.status,
        String(creates.length),
        result.cost === null ? 'no price' : `${formatMoney(result.cost)} ${result.cost.state}`,
        artifact === undefined
          ? '-'
          : `${artifact.mediaType} ${artifact.width ?? '?'}x${artifact.height ?? '?'}`,
        job.shows,
      ],
    ];
  });
  return renderTable(['job', 'model', 'end', 'creates', 'cost', 'file', 'shows'], rows);
}

function toTotalLine(total: CurrencyTotals): string {
  const amount = (micros: string): string => formatMoney({ currency: total.currency, micros });
  return `${amount(total.charged)} charged, ${amount(total.reserved)} reserved, ${amount(total.unknown)} unknown, ${total.jobs} ${total.jobs === 1 ? 'job' : 'jobs'}`;
}
