import {
  registerBatchCancel,
  registerBatchPause,
  registerBatchResume,
  registerBatchSet,
} from './batch-control.ts';
import { registerBatchList } from './batch-list.ts';
import { registerBatchManifest } from './batch-manifest.ts';
import { registerBatchRerun } from './batch-rerun.ts';
import { registerBatchRun } from './batch-run.ts';
import { registerBatchSchedule } from './batch-schedule.ts';
import { registerBatchStatus } from './batch-status.ts';
import type { RegisterCommand } from './host.ts';

const EXAMPLES = `
Examples:
  $ pollux batch run shots.csv --id nightly --window 50 --budget "40.00 USD"
  $ pollux batch status nightly --follow
  $ pollux batch manifest nightly --csv --out nightly.csv
  $ pollux batch rerun nightly --failed
  $ pollux batch schedule shots.jsonl --id nightly --cron "0 2 * * *"
`;

export const registerBatch: RegisterCommand = (program, host) => {
  const batch = program
    .command('batch')
    .description('run manifests of many items, and act on them')
    .addHelpText('after', EXAMPLES);
  registerBatchRun(batch, host);
  registerBatchStatus(batch, host);
  registerBatchManifest(batch, host);
  registerBatchRerun(batch, host);
  registerBatchCancel(batch, host);
  registerBatchPause(batch, host);
  registerBatchResume(batch, host);
  registerBatchSet(batch, host);
  registerBatchList(batch, host);
  registerBatchSchedule(batch, host);
};
