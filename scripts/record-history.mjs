// Records the histories of the released stories from a real run, for test/replay. Needs a build:
//   npm run build && node scripts/record-history.mjs
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createClient } from '../dist/src/client.js';
import { loadConfig } from '../dist/src/config.js';
import { createInstallation } from '../dist/src/installation.js';
import { connectTemporal } from '../dist/src/runtime/connection.js';
import { parseMediaRequest } from '../dist/src/schema/request.js';
import { startWorker } from '../dist/src/worker.js';
import { startDevServer } from '../dist/src/cli/dev-server.js';
import { findTemporalCli } from '../dist/src/cli/temporal-cli.js';
import { SEARCH_ATTRIBUTES } from '../dist/src/core/search-attributes.js';
import { startSimulator } from '../dist/simulator/index.js';

const quiet = { debug() {}, info() {}, warn: console.warn, error: console.error };
const decision = { author: 'recorder', reason: 'a story to record' };

/** Name, request, and what happens to the job meanwhile. */
const STORIES = [
  {
    story: 'succeeded-video',
    request: { model: 'nexusflow/wan2.6-t2v', prompt: 'A harbour at dawn', durationSeconds: 5 },
  },
  {
    story: 'synchronous-image',
    request: { model: 'nexusflow/wan2.6-t2i', prompt: 'A poster', size: '512x512', count: 2 },
  },
  {
    story: 'queued-image',
    request: { model: 'dieyuyun/gpt-image-2', prompt: 'A cat', size: '512x512' },
  },
  {
    story: 'failed-task',
    request: { model: 'nexusflow/pixverse-v6', prompt: 'A failure [sim:fail]', audio: false },
  },
  {
    story: 'refused-key',
    request: { model: 'refused/wan2.6-t2v', prompt: 'Nobody may' },
  },
  {
    story: 'rate-limited-create',
    request: { model: 'nexusflow/wan2.6-t2v', prompt: 'Later [sim:429]' },
  },
  {
    story: 'cancelled-task',
    request: { model: 'dieyuyun/gpt-image-2', prompt: 'Never mind', size: '512x512' },
    faults: [
      {
        provider: 'dieyuyun',
        operation: 'create',
        match: 'Never mind',
        fault: { kind: 'stuck_task' },
      },
    ],
    until: (state) => state.taskId !== null,
    act: (job) => job.cancel(decision),
  },
  {
    story: 'woken-by-poll',
    request: { model: 'nexusflow/wan2.6-t2v', prompt: 'Look now' },
    until: (state) => state.polls > 0,
    act: (job) => job.poll(),
  },
  {
    story: 'held-then-cancelled',
    request: { model: 'nexusflow/wan2.6-t2v', prompt: 'Lost [sim:drop-reply]' },
    until: (state) => state.status === 'held',
    act: (job) => job.cancel(decision),
  },
];

const toConfig = (address, baseUrls) => `
temporal: { address: "${address}" }
ledger: { url: "sqlite:ledger.db" }
storage: { url: "file:artifacts" }
accounts:
${[
  ['nexusflow', 'nexusflow', 'GOOD_KEY'],
  ['refused', 'nexusflow', 'WRONG_KEY'],
  ['dieyuyun', 'dieyuyun', 'GOOD_KEY'],
]
  .map(
    ([name, provider, key]) => `  ${name}:
    provider: ${provider}
    baseUrl: ${baseUrls[provider]}
    apiKey: { env: ${key} }
    allowPrivateHosts: true
    limits: { submitsPerMinute: 6000, pollsPerMinute: 6000, concurrentTasks: 50 }
    timing: { firstPollSeconds: 0.5, minPollSeconds: 0.5, maxPollSeconds: 1, submitTimeoutSeconds: 3 }`,
  )
  .join('\n')}
`;

/** Replay needs no process and no host: identities go, and the host's name goes from payloads, too. */
function withoutThisMachine(value, key) {
  if (Array.isArray(value)) return value.map((item) => withoutThisMachine(item));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== 'identity')
        .map(([name, member]) => [name, withoutThisMachine(member, name)]),
    );
  }
  if (key !== 'data' || typeof value !== 'string') return value;
  const text = Buffer.from(value, 'base64').toString('utf8').replaceAll(hostname(), 'host');
  return Buffer.from(text, 'utf8').toString('base64');
}

const directory = await mkdtemp(join(tmpdir(), 'pollux-record-'));
const target = new URL('../test/histories/generateMedia/', import.meta.url);
const releases = [() => rm(directory, { recursive: true, force: true })];
try {
  await mkdir(target, { recursive: true });
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const simulator = await startSimulator({
    durationsMs: { image: [1500, 1500], video: [2500, 2500], synchronous: [0, 0] },
  });
  releases.push(() => simulator.close());
  const cli = await findTemporalCli();
  const server = await startDevServer({
    cliPath: cli.path,
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  releases.push(() => server.stop());
  const file = join(directory, 'pollux.yaml');
  await writeFile(file, toConfig(server.address, simulator.baseUrls));
  const config = loadConfig({ file, environment: { GOOD_KEY: 'key', WRONG_KEY: 'wrong' } });
  const worker = await startWorker({ config, logger: quiet });
  releases.push(() => worker.stop());
  const { temporal, close } = await connectTemporal(config);
  releases.push(close);
  const { accounts } = createInstallation(config);
  const client = createClient({ temporal, accounts, parseRequest: parseMediaRequest });

  for (const { story, request, faults, until, act } of STORIES) {
    if (faults !== undefined) simulator.addFaults(faults);
    const job = await client.start(request, { jobId: story });
    if (until !== undefined) {
      for await (const state of job.watch({ intervalMs: 50 })) if (until(state)) break;
      await act(job);
    }
    const { status } = await job.result();
    const history = await temporal.workflow.getHandle(`job/${story}`).fetchHistory();
    const path = new URL(`${version}-${story}.json`, target);
    const events = withoutThisMachine(JSON.parse(historyToJSON(history)));
    await writeFile(path, `${JSON.stringify(events, null, 1)}\n`);
    console.log(`${story}: ${status}, ${history.events.length} events`);
  }
} finally {
  for (const release of releases.reverse()) await release();
}
process.exit();
