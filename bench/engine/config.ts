import { parseConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';

export const ACCOUNT = 'bench';
export const MODEL = 'wan2.6-t2v';

/** The highest that is taken: 1,666 per second, more than the engine does. */
const NO_LIMIT = 100_000;

/** The configuration that client and worker of our side share. Nothing in it but the server's address is opened. */
export function engineConfig(address: string): Config {
  const document = {
    temporal: { address },
    ledger: { url: 'sqlite:unused.db' },
    storage: { url: 'file:unused' },
    spool: { directory: 'unused' },
    accounts: {
      [ACCOUNT]: {
        provider: 'nexusflow',
        apiKey: { env: 'UNUSED' },
        allowPrivateHosts: true,
        limits: {
          submitsPerMinute: NO_LIMIT,
          pollsPerMinute: NO_LIMIT,
          concurrentTasks: NO_LIMIT,
        },
      },
    },
  };
  return parseConfig(JSON.stringify(document), {
    file: 'bench.yaml',
    directory: '.',
    environment: {},
  });
}
