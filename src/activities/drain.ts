import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { OutcomeRecord, RecordedOutcome } from '../core/ledger.ts';
import type { SpooledRecord } from '../core/spool.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';

export type DrainPorts = Pick<ActivityPorts, 'spool' | 'ledger' | 'store' | 'clock' | 'logger'>;

/**
 * Writes what this host's spool holds to the ledger and removes each record once the ledger has it. Stops at a
 * dependency that is away; a record that the ledger refuses stays, and is logged.
 *
 * Run twice, or by two processes at once: the second finds the outcome recorded. Returns the records that were written.
 */
export async function drainSpool(ports: DrainPorts): Promise<readonly SpooledRecord[]> {
  const written: SpooledRecord[] = [];
  for (const spooled of await ports.spool.records()) {
    try {
      await writeSpooled(ports, spooled);
      written.push(spooled);
    } catch (error) {
      const { jobId, number } = spooled.record;
      const code = isMediaJobError(error) ? error.code : 'defect';
      ports.logger.error('a spooled outcome could not be written to the ledger; it stays', {
        jobId,
        number,
        record: spooled.name,
        code,
      });
      if (code === 'ledger.unavailable') break;
    }
  }
  return written;
}

/** Writes one record and removes it. Throws `ledger.*` or `storage.*`; the record is still there then. */
export async function writeSpooled(
  ports: DrainPorts,
  spooled: SpooledRecord,
): Promise<RecordedOutcome> {
  const { record } = spooled;
  const outcome = await toSpooledOutcome(ports, spooled);
  const recorded = await ports.ledger.recordOutcome(record, outcome, toIsoTime(ports.clock()));
  await ports.spool.remove(spooled.name);
  return recorded;
}

/** Bytes that could not be staged when they came are staged now. */
async function toSpooledOutcome(
  ports: DrainPorts,
  { record }: SpooledRecord,
): Promise<OutcomeRecord> {
  const { outcome, jobId, number } = record;
  if (outcome.outcome !== 'accepted') return outcome;
  const snapshot = await stageInline(ports, jobId, number, outcome.snapshot);
  return { ...outcome, snapshot, source: 'spool' };
}
