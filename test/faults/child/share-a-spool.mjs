// Appends records to a spool and drains it all the while, as workers that share a disk do. Writes one line of JSON for
// each record that it is about to remove.
import { writeSync } from 'node:fs';
import { PLAIN } from '../../../dist/src/core/sealer.js';
import { createFileSpool } from '../../../dist/src/ledger/spool.js';
import { spoolRecord } from './spool-record.mjs';

const [directory, ...jobIds] = process.argv.slice(2);
const ignore = () => undefined;
const error = (message) => writeSync(2, `${message}\n`);
const logger = { debug: ignore, info: ignore, warn: ignore, error };
const spool = createFileSpool({ directory, sealer: PLAIN, logger });

for (const [index, jobId] of jobIds.entries()) {
  await spool.append(spoolRecord(jobId));
  if (index % 3 === 0) await drain();
}
await drain();

async function drain() {
  for (const { name, record } of await spool.records()) {
    writeSync(1, `${JSON.stringify({ name, jobId: record.jobId })}\n`);
    await spool.remove(name);
  }
}
