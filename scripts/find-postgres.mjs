// Where PostgreSQL's server programs are: tests start a cluster of their own. Prints the folder, or how to get one.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['initdb', 'pg_ctl', 'postgres'];
/** Debian keeps them off PATH, a folder for each major version. */
const DEBIAN = '/usr/lib/postgresql';

export const HOW_TO_INSTALL =
  'PostgreSQL is missing: install version 15 or later (`apt-get install postgresql`), ' +
  'or set POLLUX_POSTGRES_BIN to the folder that holds initdb, pg_ctl and postgres';

/** The folder with the server programs; `undefined` where there is none. */
export function findPostgres(environment = process.env) {
  const named = environment.POLLUX_POSTGRES_BIN;
  const folders = named ? [named] : [...(environment.PATH ?? '').split(delimiter), ...onDebian()];
  return folders.find((folder) => PROGRAMS.every((name) => existsSync(join(folder, name))));
}

/** Newest first. */
function onDebian() {
  if (!existsSync(DEBIAN)) return [];
  const versions = readdirSync(DEBIAN).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(DEBIAN, version, 'bin'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = findPostgres();
  if (folder === undefined) {
    console.error(HOW_TO_INSTALL);
    process.exitCode = 1;
  } else {
    console.log(folder);
  }
}
