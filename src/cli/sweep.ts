import { ERROR_CODES } from '../core/error-codes.ts';
import type { SweepPorts, SweepProgress, SweepReport } from '../maintenance/sweep.ts';
import { describeSweep } from './describe-sweep.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson } from './host.ts';
import { createProgressLine } from './progress-line.ts';
import { loadInstallation, withSession } from './session.ts';
import { untilInterrupted } from './until-interrupted.ts';

/** Somebody must look: the same code as for a held job. */
const PERSON_EXIT_CODE = ERROR_CODES['provider.submit_unknown'].exitCode;
const DEPENDENCY_EXIT_CODE = ERROR_CODES['temporal.unavailable'].exitCode;

const EXAMPLES = `
Ends with 3 where this sweep found a new orphan or something that it cannot put right, else with 4 where a realm could not
be listed, else with 0. The schedule pollux-sweep does the same every ten minutes where a worker runs.

Examples:
  $ pollux sweep
  $ pollux sweep --json | jq '.orphans.items[].taskId'
`;

export const registerSweep: RegisterCommand = (program, host) => {
  program
    .command('sweep')
    .description('find tasks that no job owns, and run jobs again whose workflow is gone')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false }: { json?: boolean }) => host.exitWith(await run(host, json)))
    .addHelpText('after', EXAMPLES);
};

async function run(host: CommandHost, isJson: boolean): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const logger = await host.createLogger();
  const farewell = 'interrupted; what was swept stays swept, and the next sweep does the rest';
  return await untilInterrupted(terminal, farewell, (signal) =>
    withSession(installation, async ({ access }) => {
      const [{ sweep }, { createJobRuns }] = await Promise.all([
        import('../maintenance/sweep.ts'),
        import('../client/job-runs.ts'),
      ]);
      const ledger = await installation.openLedger();
      const line = createProgressLine(terminal);
      try {
        const ports: SweepPorts = {
          accounts: installation.accounts,
          ledger,
          runs: createJobRuns(access.temporal, installation.accounts),
          store: installation.openStore(),
          clock: Date.now,
          logger,
        };
        const report = await sweep(ports, { signal }, (progress) => line.show(describe(progress)));
        line.close();
        if (isJson) printJson(terminal, report);
        else terminal.stdout.write(describeSweep(report));
        return toExitCode(report);
      } finally {
        line.close();
        await ledger.close();
      }
    }),
  );
}

const STEPS: Readonly<Record<SweepProgress['step'], string>> = {
  realms: 'realms listed',
  jobs: 'open jobs looked at',
  holds: 'held jobs woken',
};

function describe({ step, done, total }: SweepProgress): string {
  return `${STEPS[step]}: ${done} of ${total}`;
}

function toExitCode({ newOrphans, problems, realms }: SweepReport): number {
  if (newOrphans > 0 || problems.total > 0) return PERSON_EXIT_CODE;
  return realms.some(({ trouble }) => trouble !== null) ? DEPENDENCY_EXIT_CODE : 0;
}
