import { spawnSync } from 'node:child_process';

/** The processes that crash run the built code: it must be made from today's sources. */
export default function build(): void {
  const parameters = ['scripts/build.mjs', '--if-stale', '--keep-schema'];
  const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed: there is nothing to crash');
}
