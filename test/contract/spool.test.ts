import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Logger } from '../../src/core/logger.ts';
import { PLAIN } from '../../src/core/sealer.ts';
import { createFileSpool } from '../../src/ledger/spool.ts';
import { spoolContract } from './suites/spool-contract.ts';

const ignore = (): void => undefined;
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const cases = spoolContract({
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-spool-'));
    const directory = join(folder, 'new', 'spool');
    const open = (): ReturnType<typeof createFileSpool> =>
      createFileSpool({ directory, sealer: PLAIN, logger });
    return {
      spool: open(),
      again: open,
      damage: (name) => truncate(join(directory, name), 40),
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});

describe('the file spool keeps the laws of the Spool port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
