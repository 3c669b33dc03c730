// Records one workflow history per story of a job, from a real run against the simulator, as test/histories keeps them for
// test/replay. Run it once per release, after a build; histories of earlier releases stay as they are.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startSimulator } from '../dist/simulator/index.js';
import { startDevServer } from '../dist/src/cli/dev-server.js';
import { findTemporalCli } from '../dist/src/cli/temporal-cli.js';
import { SEARCH_ATTRIBUTES } from '../dist/src/core/search-attributes.js';
import {
  connectTemporal,
  createClient,
  createInstallation,
  loadConfig,
  parseMediaRequest,
} from '../dist/src/index.js';
import { startWorker } from '../dist/src/worker.js';
import { root } from './source-stamp.mjs';

const DECISION = { author: 'recorder', reason: 'the story says so' };
const video = (prompt) => ({ model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 });
const image = (prompt) => ({ model: 'dieyuyun/gpt-image-2', prompt, size: '512x512' });

/** `play` gets the started job and the simulator's hand on tasks; then the job must come to its end by itself. */
const STORIES = [
  { name: 'succeeded-video', request: video('a harbour') },
  {
    name: 'synchronous-image',
    request: { model: 'nexusflow/wan2.6-t2i', prompt: 'a poster', size: '512x512' },
  },
  { name: 'two-images', request: { ...image('two posters'), count: 2 } },
  { name: 'failed', request: video('a render that fails'), fault: { kind: 'fail_task' } },
  {
    name: 'refused-then-accepted',
    request: video('one too many'),
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  },
  { name: 'refused-key', request: { ...video('nobody may'), model: 'locked/wan2.6-t2v' } },
  {
    name: 'cancelled',
    request: image('second thoughts'),
    fault: { kind: 'stuck_task' },
    play: async (job) => {
      await reach(job, ({ polls }) => polls > 0);
      await job.cancel(DECISION);
    },
  },
  {
    name: 'held-then-cancelled',
    request: video('a lost reply'),
    fault: { kind: 'drop_reply' },
    play: async (job) => {
      await reach(job, ({ status }) => status === 'held');
      await job.poll();
      await job.cancel(DECISION);
    },
  },
  {
    name: 'held-then-adopted',
    request: video('a reply lost and found'),
    fault: { kind: 'drop_reply' },
    play: async (job, { taskOf }) => {
      await reach(job, ({ status }) => status === 'held');
      await job.resolve({ kind: 'adopt', taskId: taskOf('a reply lost and found') }, DECISION);
    },
  },
  {
    name: 'held-then-resubmitted',
    request: video('a create that vanished'),
    fault: { kind: 'reset_before' },
    play: async (job) => {
      await reach(job, ({ status }) => status === 'held');
      await job.resolve({ kind: 'resubmit' }, DECISION);
    },
  },
  {
    name: 'held-then-abandoned',
    request: video('nobody wants it'),
    fault: { kind: 'drop_reply' },
    play: async (job) => {
      await reach(job, ({ status }) => status === 'held');
      await job.resolve({ kind: 'abandon' }, DECISION);
    },
  },
  {
    name: 'found-in-the-list',
    request: { ...video('listed'), model: 'alone/wan2.6-t2v' },
    fault: { kind: 'drop_reply' },
  },
  {
    name: 'resubmitted-by-policy',
    request: { ...video('gone twice'), model: 'bold/wan2.6-t2v' },
    fault: { kind: 'reset_before' },
  },
  {
    name: 'woken-by-poll-now',
    request: video('a finished task'),
    fault: { kind: 'stuck_task' },
    play: async (job, { finish }) => {
      const { taskId } = await reach(job, ({ polls }) => polls > 0);
      await job.poll();
      await finish(taskId);
      await job.poll();
    },
  },
];

const directory = mkdtempSync(join(tmpdir(), 'pollux-histories-'));
const releases = [() => rmSync(directory, { recursive: true, force: true })];
try {
  await record();
} finally {
  for (const release of releases.reverse()) await release();
}

async function record() {
  const simulator = await startSimulator({
    durationsMs: { video: [1500, 1500], image: [1500, 1500], synchronous: [50, 50] },
  });
  releases.push(() => simulator.close());
  const { path: cliPath } = await findTemporalCli();
  const server = await startDevServer({
    cliPath,
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  releases.push(() => server.stop());
  const config = configure(server.address, simulator.baseUrls);
  const worker = await startWorker({ config, logger: quietLogger() });
  releases.push(() => worker.stop());
  const { temporal, close } = await connectTemporal(config);
  releases.push(close);
  const { accounts } = createInstallation(config);
  const client = createClient({ temporal, accounts, parseRequest: parseMediaRequest });

  const hand = {
    finish: (taskId) => fetch(`${simulator.url}/admin/tasks/${taskId}/finish`, { method: 'POST' }),
    taskOf: (prompt) =>
      simulator.log().find(({ kind, body }) => kind === 'create' && body?.prompt === prompt).taskId,
  };
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const target = join(root, 'test', 'histories', 'generateMedia');
  mkdirSync(target, { recursive: true });
  for (const { name, request, fault, play } of STORIES) {
    const { prompt } = request;
    if (fault !== undefined) simulator.addFaults([{ operation: 'create', match: prompt, fault }]);
    const job = await client.start(request, { jobId: name });
    await play?.(job, hand);
    const { status } = await job.result();
    const history = await temporal.workflow.getHandle(`job/${name}`).fetchHistory();
    const text = JSON.stringify(withoutPlace(JSON.parse(historyToJSON(history))), null, 1);
    writeFileSync(join(target, `${version}-${name}.json`), `${text}\n`);
    console.log(`${name}: ${status}, ${history.events.length} events`);
  }
}

function configure(address, baseUrls) {
  const account = (provider, env = 'RECORDER_KEY', settings = {}) => ({
    provider,
    baseUrl: baseUrls[provider],
    apiKey: { env },
    allowPrivateHosts: true,
    timing: {
      ...{ firstPollSeconds: 0.2, minPollSeconds: 0.5, maxPollSeconds: 0.5 },
      ...{ submitTimeoutSeconds: 2, settleSeconds: 0.5, listSettleSeconds: 2 },
    },
    limits: { submitsPerMinute: 600, pollsPerMinute: 600 },
    ...settings,
  });
  const file = join(directory, 'pollux.yaml');
  const document = {
    temporal: { address },
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: 'file:artifacts' },
    accounts: {
      nexusflow: account('nexusflow'),
      locked: account('nexusflow', 'WRONG_KEY'),
      alone: account('nexusflow', 'RECORDER_KEY', { exclusive: true }),
      bold: account('nexusflow', 'RECORDER_KEY', { onUnknown: 'resubmit', maxResubmits: 1 }),
      dieyuyun: account('dieyuyun'),
    },
  };
  writeFileSync(file, JSON.stringify(document));
  return loadConfig({ file, environment: { RECORDER_KEY: 'recorded', WRONG_KEY: 'wrong' } });
}

async function reach(job, isThere) {
  for await (const state of job.watch({ intervalMs: 50 })) if (isThere(state)) return state;
  throw new Error(`job ${job.jobId} ended before it came to its story`);
}

/** Histories are committed: the machine that recorded them is nobody's business. */
function withoutPlace(value) {
  if (typeof value === 'string') {
    const places = [
      [directory, '/recorded'],
      [root, '/pollux/'],
      [hostname(), 'recorder'],
    ];
    return places.reduce((text, [place, name]) => text.replaceAll(place, name), value);
  }
  if (Array.isArray(value)) return value.map(withoutPlace);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutPlace(member)]),
  );
  if (typeof copy.data !== 'string' || copy.metadata === undefined) return copy;
  const text = Buffer.from(copy.data, 'base64').toString('utf8');
  return { ...copy, data: Buffer.from(withoutPlace(text)).toString('base64') };
}

function quietLogger() {
  const quiet = () => undefined;
  return { debug: quiet, info: quiet, warn: quiet, error: console.error };
}
