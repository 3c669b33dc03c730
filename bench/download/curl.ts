import { rm } from 'node:fs/promises';
import { runTool } from './run-tool.ts';
import type { Transfer } from './transfer.ts';

/** The plain way: `curl -o`, then `sha256sum` of the file. */
export async function downloadWithCurl(url: string, path: string): Promise<Transfer> {
  try {
    const startedAt = performance.now();
    await runTool('curl', '-sS', '-f', '-o', path, url);
    const printed = await runTool('sha256sum', path);
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, sha256: printed.slice(0, printed.indexOf(' ')) };
  } finally {
    await rm(path, { force: true });
  }
}
