/**
 * One job from code. With `pollux dev --simulator` running in this folder:
 *
 *   node examples/hello.ts .pollux/simulator.yaml          (Node 22.18 or later runs TypeScript by itself)
 *
 * Run it twice: the second run attaches to the first job and prints the same result. Nothing is bought twice.
 */
import { pathToFileURL } from 'node:url';
import {
  connectTemporal,
  createClient,
  createInstallation,
  formatMoney,
  loadConfig,
  parseMediaRequest,
} from '../src/index.ts';
import type { JobResult } from '../src/index.ts';

/** Runs the job `hello` to its end and returns its result. The worker is a process of its own. */
export async function hello(configFile: string): Promise<JobResult> {
  const installation = createInstallation(loadConfig({ file: configFile }));
  const access = await connectTemporal(installation.config);
  try {
    const client = createClient({
      temporal: access.temporal,
      accounts: installation.accounts,
      parseRequest: parseMediaRequest,
    });
    const job = await client.start(
      { model: 'nexusflow/wan2.6-t2v', prompt: 'A harbour at dawn', durationSeconds: 5 },
      { jobId: 'hello' },
    );
    return await job.result();
  } finally {
    await access.close();
  }
}

function print(result: JobResult): void {
  console.log(result.status, result.cost === null ? 'no price' : formatMoney(result.cost));
  for (const { url, mediaType, durationSeconds } of result.artifacts) {
    console.log(url, mediaType, `${durationSeconds ?? 0} s`);
  }
}

const isProgram = import.meta.url === pathToFileURL(process.argv[1] ?? '').href;
if (isProgram) {
  hello(process.argv[2] ?? 'pollux.yaml').then(print, (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
