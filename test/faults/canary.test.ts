import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { findFreePort } from '../../src/cli/ports.ts';
import type { Logger } from '../../src/core/logger.ts';
import { createInstallation, loadConfig } from '../../src/index.ts';
import type { Trace } from '../installation/canary.ts';
import { findMarker, toTrace, traceFolder, traceValue } from '../installation/canary.ts';
import type { Markers, Story } from '../installation/canary-stories.ts';
import {
  createMarkers,
  isLate,
  privateTextsOf,
  STORIES,
  toFaults,
  toRequest,
} from '../installation/canary-stories.ts';
import type { CommandEnd, RunningCommand } from '../installation/command.ts';
import { KEY_FILE } from '../installation/config-text.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

interface Scene {
  readonly installation: TestInstallation;
  readonly markers: Markers;
  /** How each story stood when everything was stopped. */
  readonly statuses: Readonly<Partial<Record<Story, string>>>;
  /** What commands and workers printed. */
  readonly outputs: readonly Trace[];
}

const ENCRYPTED = ['k2', 'k1'] as const;
/** Files that hold secrets by design: the provider's key and those that encrypt. */
const SECRET_FILES = [KEY_FILE, ...ENCRYPTED.map((id) => `${id}.key`)];

/** An installation whose jobs come to everything that may go wrong, and whatever they left behind. */
async function play(encryptionKeys: readonly string[], stories: readonly Story[]): Promise<Scene> {
  const markers = createMarkers();
  const installation = await openInstallation({
    isDurable: true,
    encryptionKeys,
    accounts: { nexusflow: { timing: { submitTimeoutSeconds: 4 } } },
  });
  const outputs: Trace[] = [];
  const keep: Keep = (what, { stdout, stderr }) => {
    outputs.push(toTrace(`stdout of ${what}`, stdout), toTrace(`stderr of ${what}`, stderr));
  };
  const start = (story: Story): Promise<unknown> =>
    installation.client.start(toRequest(story, markers), { jobId: story });
  try {
    await installation.writeKey(markers.key);
    installation.simulator.addFaults(toFaults(markers));
    const first = await startWorker(installation);
    const quiet = stories.filter((story) => !isLate(story));
    for (const story of quiet) await start(story);
    for (const story of quiet) await untilSettled(installation, story);
    if (stories.includes('killed')) {
      await start('killed');
      await until(
        'a create that hangs',
        () => countCreates(installation, markers.prompts.killed) > 0,
      );
    }
    outputs.push(await readHealth(first));
    await first.worker.kill();
    keep('the worker that was killed', await first.worker.ended);

    const second = await startWorker(installation);
    if (stories.includes('cancelled')) {
      await start('cancelled');
      await until('a task', () => countCreates(installation, markers.prompts.cancelled) > 0);
      const line = ['jobs', 'cancel', 'cancelled', '--reason', 'not needed'];
      keep('jobs cancel', await installation.pollux(...line));
    }
    const statuses: Partial<Record<Story, string>> = {};
    const settle = async (): Promise<void> => {
      for (const story of stories) statuses[story] = await untilSettled(installation, story);
    };
    await Promise.all([
      settle(),
      showJobs(installation, quiet, keep).then(() => mistype(installation, markers, keep)),
    ]);
    await showJobs(installation, stories.filter(isLate), keep);
    outputs.push(await readHealth(second));
    second.worker.interrupt();
    keep('the worker that was stopped', await second.worker.ended);
    return { installation, markers, statuses, outputs };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

interface VerboseWorker {
  readonly worker: RunningCommand;
  readonly healthUrl: string;
}

async function startWorker({ begin }: TestInstallation): Promise<VerboseWorker> {
  const port = await findFreePort('127.0.0.1');
  const worker = begin('--verbose', 'worker', '--health-port', String(port));
  await worker.said('ready');
  return { worker, healthUrl: `http://127.0.0.1:${port}/health` };
}

async function readHealth({ healthUrl }: VerboseWorker): Promise<Trace> {
  const response = await fetch(healthUrl);
  const headers = JSON.stringify(Object.fromEntries(response.headers));
  return toTrace('/health', `${headers}\n${await response.text()}`);
}

function countCreates({ simulator }: TestInstallation, marker: string): number {
  const creates = simulator.log().filter(({ kind }) => kind === 'create');
  return creates.filter(({ body }) => JSON.stringify(body ?? null).includes(marker)).length;
}

/** Returns the status of an ended or held job. */
async function untilSettled({ client }: TestInstallation, story: Story): Promise<string> {
  const settledStatus = async (): Promise<string | undefined> => {
    const { status, finishedAt } = await client.job(story).state();
    return finishedAt !== null || status === 'held' ? status : undefined;
  };
  return await until(`the end of ${story}`, settledStatus, 60_000);
}

/** What a worker leaves on its disk when the ledger cannot take a reply. Nobody is there any more to write it away. */
async function spool({ installation, markers }: Scene): Promise<void> {
  const config = loadConfig({ file: installation.configFile, environment: {} });
  const body = `{"prompt":"${markers.prompts.held}","url":"?${markers.signature}"}`;
  await createInstallation(config)
    .openSpool(SILENT)
    .append({
      jobId: 'held',
      number: 1,
      outcome: { outcome: 'unknown', evidence: { reason: 'no readable id', body } },
      worker: 'a worker',
      at: new Date().toISOString(),
    });
}

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

type Keep = (what: string, end: CommandEnd) => void;

/** What a person types to see what happened. */
async function showJobs(
  { pollux }: TestInstallation,
  stories: readonly Story[],
  keep: Keep,
): Promise<void> {
  const show = async (...line: readonly string[]): Promise<void> =>
    keep(line.join(' '), await pollux(...line));
  for (const story of stories) {
    await Promise.all([show('jobs', 'show', story), show('jobs', 'show', story, '--json')]);
  }
  await show('jobs', 'list', '--json');
}

/** Attaching to jobs that failed, and requests that are refused before they are sent. */
async function mistype({ pollux }: TestInstallation, markers: Markers, keep: Keep): Promise<void> {
  for (const story of ['failed', 'refused'] as const) {
    const { model, prompt = '' } = toRequest(story, markers);
    const line = ['run', model, '--prompt', prompt, '--duration-seconds', '3', '--job-id', story];
    keep(`run ${story} again`, await pollux(...line));
    keep(`run ${story} again --json`, await pollux(...line, '--json'));
  }
  const prompt = markers.prompts.succeeded;
  const wrong: Readonly<Record<string, readonly string[]>> = {
    duration: ['--prompt', prompt, '--duration-seconds', '99'],
    length: ['--prompt', `${prompt} `.repeat(400)],
    url: ['--prompt', prompt, '--image-url', `ftp://x/?X-Signature=${markers.signature}`],
    twice: ['--prompt', prompt, '--extra', `prompt=${prompt}`],
    conflict: ['--prompt', prompt, '--job-id', 'succeeded'],
  };
  for (const [what, options] of Object.entries(wrong)) {
    const end = await pollux('run', 'nexusflow/happyhorse-1.0-t2v', ...options);
    expect(`${what} ${end.exitCode}`).toBe(`${what} 2`);
    keep(`a run with a wrong ${what}`, end);
  }
}

/** All that this installation ever wrote or answers, the keys' own files excepted. */
async function collectTraces({
  installation,
  outputs,
  statuses,
}: Scene): Promise<readonly Trace[]> {
  const { access, directory } = installation;
  const { workflowService } = access.connection;
  const traces: Trace[] = [...outputs, ...(await traceFolder(directory, SECRET_FILES))];
  const list = await workflowService.listWorkflowExecutions({ namespace: 'default' });
  traces.push(...traceValue('visibility', list));
  for (const story of Object.keys(statuses)) {
    const handle = access.temporal.workflow.getHandle(`job/${story}`);
    const { raw } = await handle.describe();
    const history = await handle.fetchHistory();
    traces.push(...traceValue(`description of ${story}`, raw));
    traces.push(...traceValue(`history of ${story}`, history));
    traces.push(toTrace(`history JSON of ${story}`, JSON.stringify(historyToJSON(history))));
  }
  return traces;
}

const findAll = (markers: readonly string[], traces: readonly Trace[]): readonly string[] => [
  ...new Set(markers.flatMap((marker) => findMarker(marker, traces))),
];

describe('with an encryption key', () => {
  let scene: Scene;
  let traces: readonly Trace[];

  beforeAll(async () => {
    scene = await play(ENCRYPTED, STORIES);
    await spool(scene);
    traces = await collectTraces(scene);
  }, 240_000);

  afterAll(() => scene.installation.close());

  it('every story comes to the end that may let something out, and leaves its traces', () => {
    const places = traces.map(({ place }) => place);

    expect(scene.statuses).toEqual({
      succeeded: 'succeeded',
      synchronous: 'succeeded',
      refused: 'failed',
      repeated: 'succeeded',
      failed: 'failed',
      unreadable: 'succeeded',
      held: 'held',
      cancelled: 'cancelled',
      killed: 'held',
    });
    expect(places).toEqual(
      expect.arrayContaining(['ledger.db', 'temporal.db', 'temporal.log', 'pollux.yaml']),
    );
    expect(places).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^artifacts.jobs.succeeded/),
        expect.stringMatching(/^spool.\S+\.json$/),
      ]),
    );
  });

  it('no API key is found anywhere', () => {
    expect(findMarker(scene.markers.key, traces)).toEqual([]);
  });

  it('no prompt and no signed query string is found anywhere', () => {
    expect(findAll(privateTextsOf(scene.markers), traces)).toEqual([]);
  });

  it('a planted leak is found in a log, in the spool and in a history', async () => {
    const { installation, markers } = scene;
    const { directory, access } = installation;
    await appendFile(join(directory, 'worker.log'), `warn: ${markers.prompts.held}\n`);
    await mkdir(join(directory, 'spool'), { recursive: true });
    const bytes = Buffer.from(`x${markers.key}`).toString('base64');
    await writeFile(join(directory, 'spool', 'leak.json'), JSON.stringify({ bytes }));
    const tenant = defineSearchAttributeKey('Tenant', 'KEYWORD');
    await access.temporal.workflow.start('leak', {
      workflowId: 'leak',
      taskQueue: 'nobody',
      typedSearchAttributes: [{ key: tenant, value: markers.prompts.failed }],
    });
    const history = await access.temporal.workflow.getHandle('leak').fetchHistory();

    const files = await traceFolder(directory, SECRET_FILES);

    expect(findMarker(markers.prompts.held, files)).toEqual(['worker.log']);
    expect(findMarker(markers.key, files)).toEqual([join('spool', 'leak.json')]);
    expect(findMarker(markers.prompts.failed, traceValue('history', history))).toHaveLength(1);
  });
});

describe('without an encryption key', () => {
  const stories: readonly Story[] = ['succeeded', 'failed', 'refused'];
  let scene: Scene;
  let traces: readonly Trace[];

  beforeAll(async () => {
    scene = await play([], stories);
    traces = await collectTraces(scene);
  }, 240_000);

  afterAll(() => scene.installation.close());

  it.each(stories)('the scan finds the prompt of job %s in Temporal and in the ledger', (story) => {
    const places = findMarker(scene.markers.prompts[story], traces);

    expect(places).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^temporal\.db/),
        expect.stringMatching(/^ledger\.db/),
        expect.stringMatching(new RegExp(`^history of ${story}`)),
        `history JSON of ${story}`,
      ]),
    );
  });

  it('no API key is found anywhere', () => {
    expect(findMarker(scene.markers.key, traces)).toEqual([]);
  });

  it('no log, no message and no command shows a prompt or a signed query string', () => {
    const isReadable = /^(temporal\.db|ledger\.db|history|description|artifacts\/.*\/job\.json$)/;
    const places = findAll(privateTextsOf(scene.markers), traces).filter(
      (place) => !isReadable.test(place),
    );

    expect(places).toEqual([]);
  });

  it('no failure’s message shows a prompt, because messages are never encrypted', () => {
    const messages = traces.filter(({ place }) => /failure\.(message|stackTrace)$/.test(place));

    expect(messages).not.toEqual([]);
    expect(findAll(privateTextsOf(scene.markers), messages)).toEqual([]);
  });
});
