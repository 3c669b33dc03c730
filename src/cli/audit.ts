import { ERROR_CODES } from '../core/error-codes.ts';
import { SILENT } from '../core/logger.ts';
import type { AuditProgress } from '../maintenance/audit/audit.ts';
import type { AuditLine } from '../maintenance/audit/invariant.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson } from './host.ts';
import { toWholeNumber } from './parse-options.ts';
import { createProgressLine } from './progress-line.ts';
import { loadInstallation } from './session.ts';
import type { Terminal, TextStyle } from './terminal.ts';
import { paint } from './terminal.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface AuditFlags {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly limit: number;
}

const VIOLATED_EXIT_CODE = 1;
const DEPENDENCY_EXIT_CODE = ERROR_CODES['temporal.unavailable'].exitCode;
const DEFAULT_LIMIT = 100;

const EXAMPLES = `
Ends with 1 where an invariant is violated, else with 4 where one could not be checked because a dependency is away,
else with 0. Jobs may go on meanwhile. docs/operations.md tells what each line means.

Examples:
  $ pollux audit
  $ pollux audit --quick --limit 20
  $ pollux audit --json | jq '.invariants[] | select(.verdict != "holds")'
`;

export const registerAudit: RegisterCommand = (program, host) => {
  program
    .command('audit')
    .description('check the invariants over ledger, storage, Temporal and the providers’ lists')
    .option('--quick', 'compare sizes of stored objects, do not read them')
    .option(
      '--limit <number>',
      'scan and replay so many of the newest histories',
      toWholeNumber,
      DEFAULT_LIMIT,
    )
    .option('--json', 'print one JSON document')
    .action(async (flags: AuditFlags) => host.exitWith(await run(host, flags)))
    .addHelpText('after', EXAMPLES);
};

async function run(
  host: CommandHost,
  { json = false, quick = false, limit }: AuditFlags,
): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  return await untilInterrupted(terminal, 'interrupted; nothing was changed', async (signal) => {
    const [{ audit }, { openAuditPorts }] = await Promise.all([
      import('../maintenance/audit/audit.ts'),
      import('../installation/audit-ports.ts'),
    ]);
    const opened = await openAuditPorts(installation, SILENT);
    const progress = createProgressLine(terminal);
    try {
      const { isSealing } = installation.sealer;
      const options = { isQuick: quick, historyLimit: limit, isSealing, signal };
      const lines = await audit(opened.ports, options, (step) => progress.show(describe(step)));
      progress.close();
      if (json) printJson(terminal, { invariants: lines });
      else for (const line of lines) printLine(terminal, line);
      return toExitCode(lines);
    } finally {
      progress.close();
      await opened.close();
    }
  });
}

function describe({ invariant, done }: AuditProgress): string {
  return invariant === 'jobs' ? `jobs looked at: ${done ?? 0}` : `checking ${invariant}`;
}

const STYLES: Readonly<Record<AuditLine['verdict'], TextStyle>> = {
  holds: 'green',
  violated: 'red',
  not_checked: 'yellow',
};
const VERDICT_WIDTH = 'not checked'.length;

function printLine(terminal: Terminal, line: AuditLine): void {
  const { invariant, title, verdict, checked, violations, note } = line;
  const words = verdict.replace('_', ' ').padEnd(VERDICT_WIDTH);
  const label = paint(terminal, terminal.stdout, STYLES[verdict], words);
  const because = note === undefined ? '' : `; ${note}`;
  print(terminal, `${label}  ${invariant.padEnd(3)}  ${title} (${checked} checked${because})`);
  for (const violation of violations.items) print(terminal, `    ${violation}`);
  const left = violations.total - violations.items.length;
  if (left > 0) print(terminal, `    and ${left} more`);
}

function toExitCode(lines: readonly AuditLine[]): number {
  if (lines.some(({ verdict }) => verdict === 'violated')) return VIOLATED_EXIT_CODE;
  return lines.some(({ verdict }) => verdict === 'not_checked') ? DEPENDENCY_EXIT_CODE : 0;
}
