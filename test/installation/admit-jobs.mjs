// A process of its own that opens a ledger, says `ready`, waits for a line on its input and admits jobs all at once.
// Prints what became of each as one JSON list: the kind of its admission, or the code of its error.
import { once } from 'node:events';
import { createSqlLedger } from '../../dist/src/ledger/sql.js';

const { url, lockWaitMs, requests } = JSON.parse(process.argv[2]);
const ledger = await createSqlLedger({ url, lockWaitMs });
console.log('ready');
await once(process.stdin, 'data');
const answers = await Promise.all(
  requests.map((request) =>
    ledger.openJob(request).then(
      ({ kind }) => kind,
      ({ code }) => code,
    ),
  ),
);
console.log(JSON.stringify(answers));
await ledger.close();
process.stdin.destroy();
