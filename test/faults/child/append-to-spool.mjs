// Appends records to a spool, in a process of its own, and writes one line for each: `kept <job id>` or
// `refused <job id> <code>`. Stops itself before the first, so that its system calls can be meddled with.
import { writeSync } from 'node:fs';
import { PLAIN } from '../../../dist/src/core/sealer.js';
import { createFileSpool } from '../../../dist/src/ledger/spool.js';
import { spoolRecord } from './spool-record.mjs';

const [directory, ...jobIds] = process.argv.slice(2);
const ignore = () => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const spool = createFileSpool({ directory, sealer: PLAIN, logger });

process.kill(process.pid, 'SIGSTOP');

for (const jobId of jobIds) {
  try {
    await spool.append(spoolRecord(jobId));
    writeSync(1, `kept ${jobId}\n`);
  } catch (error) {
    writeSync(1, `refused ${jobId} ${error.code}\n`);
  }
}
