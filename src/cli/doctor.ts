import { ERROR_CODES } from '../core/error-codes.ts';
import type { Config } from '../config.ts';
import type { Check } from './checks.ts';
import { attempt } from './checks.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson } from './host.ts';
import { summarizeError } from './report-error.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

const CONFIG_EXIT_CODE = ERROR_CODES['config.invalid'].exitCode;
const DEPENDENCY_EXIT_CODE = ERROR_CODES['temporal.unavailable'].exitCode;

export const registerDoctor: RegisterCommand = (program, host) => {
  program
    .command('doctor')
    .description('check configuration and everything it names, and say what to do')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false }: { json?: boolean }) => host.exitWith(await doctor(host, json)))
    .addHelpText('after', '\nExamples:\n  $ pollux doctor\n  $ pollux doctor --json\n');
};

async function doctor(host: CommandHost, isJson: boolean): Promise<number> {
  const checks: Check[] = [];
  const report = (check: Check): void => {
    checks.push(check);
    if (!isJson) printCheck(host.terminal, check);
  };
  const config = await readConfig(host, report);
  if (config !== undefined) await checkInstallation(config, report);
  if (isJson) printJson(host.terminal, { checks });
  return toExitCode(checks);
}

async function readConfig(
  host: CommandHost,
  report: (check: Check) => void,
): Promise<Config | undefined> {
  try {
    const config = await host.loadConfig();
    report({ name: 'configuration', outcome: 'ok', message: config.file });
    return config;
  } catch (error) {
    const { message, code = 'config.invalid' } = summarizeError(error);
    report({ name: 'configuration', outcome: 'problem', message, code });
    return undefined;
  }
}

async function checkInstallation(config: Config, report: (check: Check) => void): Promise<void> {
  const [{ createInstallation }, local, { checkTemporal }, { checkProviders }, { checkCallbacks }] =
    await Promise.all([
      import('../installation.ts'),
      import('./checks-local.ts'),
      import('./checks-temporal.ts'),
      import('./checks-providers.ts'),
      import('./webhooks-check.ts'),
    ]);
  const installation = createInstallation(config);
  report(local.checkSecrets(config));
  report(await attempt('ledger', () => local.checkLedger(installation)));
  report(await attempt('storage', () => local.checkStorage(installation)));
  report(await attempt('verification', () => local.checkVerification(installation)));
  report(await attempt('spool', () => local.checkSpool(config)));
  for await (const check of checkTemporal(config)) report(check);
  for await (const check of checkProviders(config)) report(check);
  report(await checkCallbacks(config));
  report(local.checkEncryption(installation));
}

function printCheck(terminal: Terminal, { name, outcome, message, advice }: Check): void {
  const style = outcome === 'ok' ? 'green' : outcome === 'problem' ? 'red' : 'yellow';
  const label = paint(terminal, terminal.stdout, style, outcome.padEnd(7));
  const todo = advice === undefined ? '' : `; ${advice}`;
  print(terminal, `${label}  ${name}: ${message}${todo}`);
}

/** A configuration that cannot be used outranks a dependency that is away. */
function toExitCode(checks: readonly Check[]): number {
  const codes = checks.map(({ code }) => code).filter((code) => code !== undefined);
  if (codes.length === 0) return 0;
  const isMisconfigured = codes.some((code) => ERROR_CODES[code].exitCode === CONFIG_EXIT_CODE);
  return isMisconfigured ? CONFIG_EXIT_CODE : DEPENDENCY_EXIT_CODE;
}
