import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { findTemporalCli } from '../../src/cli/temporal-cli.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { connectTemporal } from '../../src/runtime/connection.ts';
import { writePromptServer } from '../../test/installation/prompt-server.ts';
import type { BenchProcess } from '../bench-process.ts';
import { startBenchProcess } from '../bench-process.ts';
import { openBelow } from '../bench-scene.ts';
import type { Closable, Release } from '../bench-scene.ts';
import { engineConfig } from './config.ts';
import { createStarts } from './sides.ts';
import type { SideName, StartJob } from './sides.ts';
import type { WorkerQuestion } from './worker-process.ts';

/** One Temporal server, and the worker process of every side. */
export interface Scene extends Closable {
  readonly temporal: Client;
  readonly serverPid: number;
  readonly starts: Readonly<Record<SideName, StartJob>>;
  readonly workerPids: Readonly<Record<SideName, number>>;
}

export interface SceneOptions {
  /** Where logs go meanwhile. */
  readonly folder: string;
  /** Folder for CPU profiles of the workers. */
  readonly cpuProf?: string;
}

type WorkerProcess = BenchProcess<WorkerQuestion, object>;

export async function openScene({ folder, cpuProf }: SceneOptions): Promise<Scene> {
  return await openBelow(folder, (directory, releases) => open(directory, cpuProf, releases));
}

async function open(
  directory: string,
  cpuProf: string | undefined,
  releases: Release[],
): Promise<Omit<Scene, 'close'>> {
  const { path } = await findTemporalCli();
  const server = await startDevServer({
    cliPath: await writePromptServer(directory, path),
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
    isDetached: false,
  });
  releases.push(() => server.stop());
  const { address } = server;
  const access = await connectTemporal(engineConfig(address));
  releases.push(() => access.close());

  const startWorker = async (isOurs: boolean): Promise<number> => {
    const execArgv = cpuProf === undefined ? [] : toProfiling(cpuProf);
    const program = './worker-process.js';
    const worker: WorkerProcess = await startBenchProcess(program, import.meta.url, { execArgv });
    releases.push(() => worker.stop());
    await worker.ask({ address, isOurs });
    return worker.pid;
  };
  const ours = await startWorker(true);
  const opponents = await startWorker(false);
  return {
    temporal: access.temporal,
    serverPid: server.pid,
    starts: createStarts(access.temporal, address),
    workerPids: { ours, loop: opponents, floor: opponents },
  };
}

function toProfiling(folder: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${resolve(folder)}`];
}
