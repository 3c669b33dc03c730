import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Stock servers look for due timers once a second and twenty times per second at most: tests that count readings in
 * hundreds would take minutes. They also keep a closed workflow for half a minute after its deletion.
 */
const SETTINGS = [
  'history.timerProcessorMaxTimeShift="1ms"',
  'history.timerProcessorMaxPollRPS=2000',
  'history.transferProcessorEnsureCloseBeforeDelete=false',
  'history.visibilityProcessorEnsureCloseBeforeDelete=false',
];

/** Path of a Temporal CLI whose dev server fires timers to the millisecond. */
export async function writePromptServer(
  directory: string,
  cliPath: string = process.env['POLLUX_TEST_TEMPORAL_CLI'] ?? '',
): Promise<string> {
  const path = join(directory, 'temporal');
  const settings = SETTINGS.map((setting) => `--dynamic-config-value '${setting}'`).join(' ');
  await writeFile(path, `#!/bin/sh\nexec '${cliPath}' "$@" ${settings}\n`, { mode: 0o755 });
  return path;
}
