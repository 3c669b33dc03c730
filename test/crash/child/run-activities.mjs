// Runs activities one after the other, in a process of its own and with the real adapters, and writes one line of JSON
// per activity. The one argument names a file that says which, and where everything is.
import { channel } from 'node:diagnostics_channel';
import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createSubmitGate } from '../../../dist/src/activities/submit-gate.js';
import { Secret } from '../../../dist/src/core/secret.js';
import { PLAIN } from '../../../dist/src/core/sealer.js';
import { createFileSpool } from '../../../dist/src/ledger/spool.js';
import { createSqlLedger } from '../../../dist/src/ledger/sql.js';
import { inspectMedia } from '../../../dist/src/media/index.js';
import { createMediaFetcher, createProvider } from '../../../dist/src/providers/index.js';
import { createFileSystemStore } from '../../../dist/src/storage/file-system.js';
import { measureOverhead } from './measure-overhead.mjs';
import { submitNaively } from './naive-submit.mjs';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const activityStarts = channel('pollux-test:activity');
const loadActivity = (file) => import(`../../../dist/src/activities/${file}.js`);

let isStopping = false;
process.on('SIGTERM', () => {
  isStopping = true;
});

const ports = await openPorts();

async function openPorts() {
  const account = {
    ...plan.account,
    apiKey: new Secret(() => 'simulated'),
    prices: new Map(plan.account.prices),
  };
  const logger = { debug: log, info: log, warn: log, error: log };
  const { lockWaitMs, clockAheadMs = 0 } = plan;
  return {
    accounts: new Map([[account.name, { account, provider: createProvider(account) }]]),
    ledger: await createSqlLedger({ url: plan.ledgerUrl, lockWaitMs }),
    budgets: plan.budgets ?? [],
    spool: createFileSpool({ directory: plan.spool, sealer: PLAIN, logger }),
    gate: createSubmitGate(),
    store: createFileSystemStore({ root: plan.store }),
    sealer: PLAIN,
    durations: { profileOf: async () => undefined, learn: async () => undefined },
    fetcher: createMediaFetcher(),
    inspectMedia,
    parseJobInput: (input) => input,
    clock: () => Date.now() + clockAheadMs + readClockJump(),
    worker: `test:${process.pid}`,
    isStopping: () => isStopping,
    logger,
  };
}

const ACTIVITIES = {
  openJob: async (step) => (await loadActivity('open-job')).openJob(ports, step),
  submit: async (step) => (await loadActivity('submit')).submit(ports, step, heartbeat),
  /** As a workflow: what was not admitted is not submitted. */
  openAndSubmit: async ({ open, submit }) => {
    await ACTIVITIES.openJob(open);
    return ACTIVITIES.submit(submit);
  },
  submitNaively: (step) => submitNaively(ports, step),
  measureOverhead: (step) => measureOverhead(ports, step),
  reconcile: async (step) => {
    const { reconcile } = await loadActivity('reconcile');
    return untilAnswered((previous, note) =>
      reconcile(ports, step, {
        previous,
        heartbeat: note,
        signal: new globalThis.AbortController().signal,
      }),
    );
  },
  recordCost: async (step) => (await loadActivity('record-cost')).recordCost(ports, step),
  adjustCost: async (step) => (await loadActivity('adjust-cost')).adjustCost(ports, step),
  settleMoney: ({ submission, settlement, decision, at }) =>
    ports.ledger.settleMoney(submission, settlement, decision, at),
  /** `previous`: what the attempt before it left in a heartbeat. */
  storeArtifact: async ({ previous, ...step }) => {
    const { storeArtifact } = await loadActivity('store');
    const { signal } = new globalThis.AbortController();
    const stored = await storeArtifact(ports, step, { attempt: 1, previous, heartbeat, signal });
    return stored.kind === 'stored' ? stored.artifact : stored;
  },
  closeJob: async (step) => (await loadActivity('close-job')).closeJob(ports, step),
  drainSpool: async () => (await loadActivity('drain')).drainSpool(ports),
  /** What a worker does at its start and every minute: one round of it, or as many as it takes. */
  keepHouse: async ({ isPersistent }) => {
    const { keepHouse } = await import('../../../dist/src/worker/housekeeping.js');
    do {
      const house = await keepHouse(ports, { notify: async () => true });
      await house.stop();
      if (isPersistent) await delay(100);
    } while (isPersistent && ports.gate.reason() !== undefined);
    return { gate: ports.gate.reason() ?? 'open' };
  },
};

for (const [name, step] of plan.activities) {
  activityStarts.publish({ name });
  if (step.atMs !== undefined) await delay(Math.max(0, step.atMs - Date.now()));
  writeSync(1, `${JSON.stringify({ name, ...(await end(() => ACTIVITIES[name](step))) })}\n`);
}
await ports.ledger.close();

/** A machine that was paused finds its wall clock far ahead, and its monotonic clock where it was. */
function readClockJump() {
  return existsSync(plan.clockJump) ? Number(readFileSync(plan.clockJump, 'utf8')) : 0;
}

function heartbeat(details) {
  appendFileSync(plan.heartbeats, `${JSON.stringify(details)}\n`);
}

/** As the server does it: an activity that waits is run again, and told the last heartbeat of the attempt before. */
async function untilAnswered(attempt) {
  let last;
  for (;;) {
    try {
      return await attempt(last, (progress) => (last = progress));
    } catch (error) {
      if (!String(error.type).startsWith('wait.')) throw error;
      await delay(100);
    }
  }
}

async function end(work) {
  try {
    return { result: (await work()) ?? null };
  } catch (error) {
    return {
      error: {
        code: error.code ?? error.type ?? 'defect',
        message: String(error.message),
        details: error.details ?? {},
      },
    };
  }
}

function log(message, fields) {
  writeSync(2, `${message} ${JSON.stringify(fields ?? {})}\n`);
}
