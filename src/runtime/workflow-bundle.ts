import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../core/errors.ts';

/** The bundle lies beside the compiled sources; from uncompiled ones it is looked for where the build puts it. */
const PLACES = ['../../workflow-bundle.js', '../../dist/workflow-bundle.js'];

/** Path of the workflow bundle that the build made. A worker never bundles at its start. `config.invalid`. */
export function workflowBundlePath(): string {
  for (const place of PLACES) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new ConfigError('config.invalid', 'there is no workflow bundle; run `npm run build` first');
}
