import { Secret } from '../../src/core/secret.ts';
import { createCallbackUrls } from '../../src/webhooks/capability.ts';

export const ACCOUNT = 'gateway';
/** Nobody asks there: the receivers listen on loopback. */
export const PUBLIC_URL = 'https://hooks.example.org';

export type CallbackKind = 'forged' | 'duplicate' | 'fresh';

/** Makes the paths of callbacks of one kind, for the submissions of a job. */
export function createPaths(secret: string): (kind: CallbackKind, number: number) => string {
  const urls = createCallbackUrls(PUBLIC_URL, new Secret(() => secret));
  return (kind, number) => {
    const jobId = 'bench/job';
    const url = urls({ account: ACCOUNT, jobId, number: kind === 'fresh' ? number : 1 });
    const path = url.slice(PUBLIC_URL.length);
    return kind === 'forged' ? path.slice(0, -1) + (path.endsWith('x') ? 'y' : 'x') : path;
  };
}
