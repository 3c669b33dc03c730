import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export type Release = () => Promise<unknown>;

/** What a benchmark has opened for its run. */
export interface Closable {
  /** Releases it in reverse order, each process by its own id. */
  close(): Promise<void>;
}

/**
 * Opens what a benchmark needs, with a folder of its own below `parent`. What fails to open leaves nothing behind.
 */
export async function openBelow<Opened extends object>(
  parent: string,
  open: (directory: string, releases: Release[]) => Promise<Opened>,
): Promise<Opened & Closable> {
  const releases: Release[] = [];
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    const folder = resolve(parent);
    await mkdir(folder, { recursive: true });
    const directory = await mkdtemp(join(folder, 'bench-'));
    releases.push(() => rm(directory, { recursive: true, force: true }));
    return { ...(await open(directory, releases)), close };
  } catch (error) {
    await close();
    throw error;
  }
}
