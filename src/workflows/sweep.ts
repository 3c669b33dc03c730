import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities, SweepReport } from '../activities/maintenance.ts';

/** What the schedule `pollux-sweep` starts. Its result is what the sweep found and did. */
export async function sweep(): Promise<SweepReport> {
  const steps = proxyActivities<MaintenanceActivities>({
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '1 minute',
    retry: { initialInterval: '10 seconds', backoffCoefficient: 2, maximumAttempts: 5 },
    summary: 'compare ledger, workflows and the providers’ lists',
  });
  return await steps.sweep();
}
