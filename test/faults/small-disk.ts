import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** A file system of its own with room for 256 KB. */
export interface SmallDisk {
  refuseWrites(): void;
  close(): void;
}

/**
 * Mounts a small disk at a path. `undefined` where this process may not mount: it says so aloud, and throws where every
 * test is required.
 */
export function mountSmallDisk(path: string): SmallDisk | undefined {
  mkdirSync(path, { recursive: true });
  const problem = run('mount', '-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', path);
  if (problem !== undefined) {
    const line = `NOT TESTED: a full disk, because none can be mounted here (${problem}); run the tests as root`;
    if (process.env['CI'] === 'true' || process.env['POLLUX_REQUIRE_ALL'] === '1') {
      throw new Error(line);
    }
    process.stderr.write(`${line}\n`);
    return undefined;
  }
  return {
    refuseWrites: () => require(run('mount', '-o', 'remount,ro', path)),
    close: () => require(run('umount', path)),
  };
}

function require(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem);
}

/** What went wrong; `undefined` for nothing. */
function run(command: string, ...parameters: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim();
}
