import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createSubmitGate, createTaskDurations } from '../../src/activities/index.ts';
import type { ActivityPorts } from '../../src/activities/index.ts';
import { storeArtifact } from '../../src/activities/store.ts';
import { parseConfig } from '../../src/config.ts';
import type { Artifact } from '../../src/core/job.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import type { Logger } from '../../src/core/logger.ts';
import { createInstallation } from '../../src/installation.ts';
import { createMediaInspector } from '../../src/media/index.ts';
import { createMediaFetcher } from '../../src/providers/fetch-media.ts';
import { parseJobInput } from '../../src/schema/request.ts';
import { serveQuestions } from '../bench-process.ts';
import { VIDEO_SECONDS } from './large-mp4.ts';
import { PhaseClock } from './phases.ts';
import type { Transfer } from './transfer.ts';

/**
 * Our side: the activity that workers run, with the adapters that workers have. Temporal and the provider have no part
 * in a transfer, so there is none.
 */

export type PolluxQuestion =
  | { readonly kind: 'open'; readonly directory: string; readonly storageUrl: string }
  /** Stores what every URL serves, all at once, and removes it again. */
  | { readonly kind: 'store'; readonly urls: readonly string[] };

export type PolluxAnswer = readonly Transfer[];

const MODEL = 'wan2.6-t2v';
const quiet = (): void => undefined;
const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let ports: ActivityPorts | undefined;

async function answer(question: PolluxQuestion): Promise<PolluxAnswer> {
  if (question.kind === 'store') return await Promise.all(question.urls.map(storeOne));
  ports = await openPorts(question.directory, question.storageUrl);
  return [];
}

serveQuestions(
  (question) => answer(question as PolluxQuestion),
  async () => ports?.ledger.close(),
);

async function storeOne(url: string): Promise<Transfer> {
  if (ports === undefined) throw new Error('it was not opened');
  const { ledger, store } = ports;
  const jobId = `bench-${randomUUID()}`;
  await openJob(ledger, jobId);
  const clock = new PhaseClock();
  const startedAt = performance.now();
  const artifact = await storeUrl(clock.watch(ports), jobId, url);
  const seconds = (performance.now() - startedAt) / 1000;
  const phases = clock.stop();
  await store.remove(artifact.key);
  return { seconds, sha256: artifact.sha256, phases };
}

async function storeUrl(given: ActivityPorts, jobId: string, url: string): Promise<Artifact> {
  const stored = await storeArtifact(
    given,
    {
      ...{ jobId, number: 1, account: 'bench', index: 0, kind: 'video' },
      output: { source: 'url', url, kind: 'video' },
    },
    {
      attempt: 1,
      previous: undefined,
      heartbeat: quiet,
      signal: new AbortController().signal,
    },
  );
  if (stored.kind === 'stored') return stored.artifact;
  throw new Error(`nothing was stored: ${stored.kind}`);
}

/** The submission that the artifact belongs to. */
async function openJob(ledger: Ledger, jobId: string): Promise<void> {
  await ledger.openJob({
    ...{ jobId, number: 1, requestHash: jobId, tenant: null, batch: null },
    ...{ account: 'bench', provider: 'nexusflow', realm: 'bench', model: MODEL },
    quote: null,
    places: Number.MAX_SAFE_INTEGER,
    input: { request: { model: `bench/${MODEL}`, durationSeconds: VIDEO_SECONDS } },
    at: new Date().toISOString(),
  });
}

async function openPorts(directory: string, storageUrl: string): Promise<ActivityPorts> {
  const account = { provider: 'nexusflow', apiKey: { env: 'UNUSED' }, allowPrivateHosts: true };
  const document = {
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: storageUrl },
    spool: { directory: 'spool' },
    accounts: { bench: account },
  };
  const file = join(directory, 'pollux.yaml');
  const config = parseConfig(JSON.stringify(document), {
    file,
    directory,
    environment: process.env,
  });
  const installation = createInstallation(config);
  const ledger = await installation.openLedger();
  return {
    accounts: installation.accounts,
    ledger,
    budgets: [],
    spool: installation.openSpool(QUIET),
    gate: createSubmitGate(),
    store: installation.openStore(),
    sealer: installation.sealer,
    durations: createTaskDurations({ ledger, clock: Date.now, logger: QUIET }),
    fetcher: createMediaFetcher(),
    inspectMedia: createMediaInspector(),
    parseJobInput,
    clock: Date.now,
    worker: 'bench',
    isStopping: () => false,
    logger: QUIET,
  };
}
