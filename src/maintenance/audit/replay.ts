import type { Findings } from './invariant.ts';
import type { AuditContext } from './ports.ts';

/** I10, for what this installation has: a history that does not replay is a job that this release cannot go on with. */
export async function auditReplay(findings: Findings, context: AuditContext): Promise<void> {
  for await (const { jobId, failure } of context.ports.replay(context.historyLimit)) {
    context.signal.throwIfAborted();
    findings.count(1);
    if (failure !== undefined)
      findings.violate(`the history of job ${jobId} does not replay: ${failure}`);
  }
}
