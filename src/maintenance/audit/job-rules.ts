import { setTimeout as delay } from 'node:timers/promises';
import { eachLimited } from '../each-limited.ts';
import type { Findings, InvariantId } from './invariant.ts';
import type { JobFacts } from './job-facts.ts';
import { readAllJobFacts, readJobFacts } from './job-facts.ts';
import type { AuditContext } from './ports.ts';

/** What an invariant asks of one job. */
export interface JobRule {
  readonly invariant: InvariantId;
  readonly look: (facts: JobFacts, context: AuditContext) => Look | Promise<Look>;
}

export interface Look {
  /** How many things were looked at; 0 where the rule does not concern the job. */
  readonly checked: number;
  readonly violations: readonly string[];
}

export const NOT_CONCERNED: Look = { checked: 0, violations: [] };

export interface JobPassOptions {
  /** How long a job that looks wrong is left alone before it is looked at again. Milliseconds. */
  readonly recheckAfterMs: number;
  readonly concurrency: number;
  readonly onProgress: (jobs: number) => void;
}

/**
 * Looks at every job by every rule. Jobs go on meanwhile and their parts are read one after the other, so a job that looks
 * wrong is read again after a while, and only what is wrong then is a violation.
 */
export async function auditJobs(
  rules: readonly JobRule[],
  findings: ReadonlyMap<InvariantId, Findings>,
  context: AuditContext,
  options: JobPassOptions,
): Promise<void> {
  const suspects = new Map<string, JobRule[]>();
  let jobs = 0;
  const all = readAllJobFacts(context.ports);
  await eachLimited(all, options.concurrency, context.signal, async (facts) => {
    for (const rule of rules) {
      const found = await look(rule, facts, findings, context);
      if (found === undefined) continue;
      findings.get(rule.invariant)?.count(found.checked);
      if (found.violations.length === 0) continue;
      suspects.set(facts.job.jobId, [...(suspects.get(facts.job.jobId) ?? []), rule]);
    }
    jobs += 1;
    options.onProgress(jobs);
  });
  if (suspects.size === 0) return;

  await delay(options.recheckAfterMs, undefined, { signal: context.signal });
  for (const [jobId, broken] of suspects) {
    const facts = await readJobFacts(context.ports, jobId);
    if (facts === undefined) continue;
    for (const rule of broken) {
      const again = await look(rule, facts, findings, context);
      findings.get(rule.invariant)?.violate(...(again?.violations ?? []));
    }
  }
}

/** `undefined` where the rule cannot be applied: what it needs is away, and is not asked for again. */
async function look(
  rule: JobRule,
  facts: JobFacts,
  findings: ReadonlyMap<InvariantId, Findings>,
  context: AuditContext,
): Promise<Look | undefined> {
  const found = findings.get(rule.invariant);
  if (found?.isIncomplete === true) return undefined;
  try {
    return await rule.look(facts, context);
  } catch (error) {
    context.signal.throwIfAborted();
    found?.leaveOut(error);
    return undefined;
  }
}
