import type { SweepPorts, SweepProgress, SweepReport } from '../maintenance/sweep.ts';
import { sweep as sweepInstallation } from '../maintenance/sweep.ts';

/**
 * Looks after what no running workflow looks after, and logs what a person should hear of.
 *
 * Run twice: the second run finds nothing new. Throws `ledger.unavailable`, `temporal.unavailable`.
 */
export async function sweep(
  ports: SweepPorts,
  heartbeat: (progress: SweepProgress) => void,
  signal: AbortSignal,
): Promise<SweepReport> {
  const report = await sweepInstallation(ports, { signal }, heartbeat);
  for (const { realm, taskId, model, isNew } of report.orphans.items) {
    if (isNew) ports.logger.warn('a task that no job owns', { realm, taskId, model });
  }
  for (const { jobId, lastRun } of report.restarted.items) {
    ports.logger.warn('a job whose workflow was gone runs again', { jobId, lastRun });
  }
  for (const { subject, message } of report.problems.items) {
    ports.logger.error(`the sweep needs a person for ${subject}: ${message}`);
  }
  for (const { trouble } of report.realms) if (trouble !== null) ports.logger.warn(trouble);
  return report;
}
