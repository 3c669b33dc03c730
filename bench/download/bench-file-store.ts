import { join } from 'node:path';
import type { Report } from '../figures.ts';
import { compare } from './compare.ts';
import { downloadWithCurl } from './curl.ts';
import { OurSide } from './our-side.ts';
import type { Scene } from './scene.ts';

/** `curl -o` followed by `sha256sum` is the least anyone does who wants to know what he has. */
const LEAST_RATIO = 0.9;

export async function benchFileStore(scene: Scene, report: Report): Promise<void> {
  const directory = join(scene.folder, 'file');
  const ours = await OurSide.start(scene, directory, 'file:artifacts');
  try {
    const path = join(scene.folder, 'curl.mp4');
    const baseline = (url: string): ReturnType<typeof downloadWithCurl> =>
      downloadWithCurl(url, path);
    await compare(
      scene,
      { name: 'download.file', ours, baseline, leastRatio: LEAST_RATIO },
      report,
    );
  } finally {
    await ours.stop();
  }
}
