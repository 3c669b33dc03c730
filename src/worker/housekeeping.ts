import { drainSpool } from '../activities/index.ts';
import type { ActivityPorts } from '../activities/index.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { JobRuns } from '../core/job-runs.ts';
import type { SpooledRecord } from '../core/spool.ts';

export interface Housekeeping {
  /** Waits for a round that is under way. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 60_000;

type HousePorts = Pick<
  ActivityPorts,
  'spool' | 'gate' | 'ledger' | 'store' | 'clock' | 'logger' | 'worker'
>;

/**
 * Looks after this host's spool, now and every minute: proves that it takes records, which opens or shuts the gate for
 * submissions, and writes what it holds to the ledger. The first round is over when this returns.
 */
export async function keepHouse(ports: HousePorts, runs: JobRuns): Promise<Housekeeping> {
  let round = runRound(ports, runs);
  await round;
  const timer = setInterval(() => {
    round = round.then(() => runRound(ports, runs));
  }, INTERVAL_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

/** Never throws: what could not be done now is done in the next round. */
async function runRound(ports: HousePorts, runs: JobRuns): Promise<void> {
  try {
    await ports.spool.probe();
    if (ports.gate.reason() !== undefined) {
      ports.logger.info('the spool takes records again; this worker submits again');
    }
    ports.gate.open();
    const written = await drainSpool(ports);
    await Promise.all(written.map((spooled) => wake(ports, runs, spooled)));
  } catch (error) {
    const code = isMediaJobError(error) ? error.code : 'defect';
    const reason = `the spool of worker ${ports.worker} takes no record (${code}); nothing is submitted`;
    if (ports.gate.reason() === undefined) ports.logger.error(reason, { code });
    ports.gate.shut(reason);
  }
}

/** A held job looks into the ledger by itself, but seldom; a wake-up makes it look now. */
async function wake(
  { logger }: HousePorts,
  runs: JobRuns,
  { record }: SpooledRecord,
): Promise<void> {
  const { jobId, number } = record;
  logger.info('a spooled outcome is in the ledger', { jobId, number });
  await runs.notify(jobId, number).catch(() => false);
}
