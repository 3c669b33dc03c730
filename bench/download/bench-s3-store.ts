import { join } from 'node:path';
import { startS3Server } from '../../test/installation/s3-server.ts';
import type { S3Server } from '../../test/installation/s3-server.ts';
import { startBenchProcess } from '../bench-process.ts';
import type { BenchProcess } from '../bench-process.ts';
import type { Report } from '../figures.ts';
import { compare } from './compare.ts';
import { OurSide } from './our-side.ts';
import { runTool } from './run-tool.ts';
import type { Scene } from './scene.ts';
import { urlOf } from './scene.ts';
import type { Transfer } from './transfer.ts';
import type { UploadAnswer, UploadQuestion } from './upload-process.ts';

/** The other side has the file already: it neither downloads nor hashes nor checks. */
const LEAST_RATIO = 0.8;

export async function benchS3Store(scene: Scene, report: Report): Promise<void> {
  const server = await findServer(scene, report);
  if (server === undefined) return;
  const uploader = await startBenchProcess<UploadQuestion, UploadAnswer>(
    './upload-process.js',
    import.meta.url,
  );
  try {
    await measure(scene, server, uploader, report);
  } finally {
    await uploader.stop();
    await server.close();
  }
}

async function findServer(scene: Scene, report: Report): Promise<S3Server | undefined> {
  try {
    return await startS3Server();
  } catch (error) {
    if (scene.isRequired || !(error instanceof Error)) throw error;
    report.note(`download.s3 is left out: ${error.message.trim().split('\n').at(-1) ?? ''}`);
    return undefined;
  }
}

async function measure(
  scene: Scene,
  server: S3Server,
  uploader: BenchProcess<UploadQuestion, UploadAnswer>,
  report: Report,
): Promise<void> {
  const directory = join(scene.folder, 's3');
  const ours = await OurSide.start(scene, directory, await server.createBucket());
  try {
    const path = join(scene.folder, 'upload.mp4');
    await runTool('curl', '-sS', '-f', '-o', path, urlOf(scene, scene.options.size));
    const sha256 = (await runTool('sha256sum', path)).slice(0, 64);
    const { hostname, searchParams } = new URL(await server.createBucket());
    const target = { bucket: hostname, endpoint: searchParams.get('endpoint') ?? '' };
    const baseline = async (): Promise<Transfer> => {
      const { seconds } = await uploader.ask({ path, key: 'upload.mp4', ...target });
      return { seconds, sha256 };
    };
    await baseline();
    await compare(scene, { name: 'download.s3', ours, baseline, leastRatio: LEAST_RATIO }, report);
  } finally {
    await ours.stop();
  }
}
