// Where versitygw is, the S3 server of the tests. Prints its path, or how to get it.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './source-stamp.mjs';

const PROGRAM = 'versitygw';
const VERSION = 'v1.8.0';

export const VERSITYGW_MODULE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;
export const HOW_TO_INSTALL =
  `versitygw is missing: install Go and run \`npm run setup -- --for-tests\`, which builds ${VERSION}, ` +
  'or set POLLUX_VERSITYGW to the path of the program';

/** Takes what setup builds. */
export function toolFolder(environment = process.env) {
  return join(environment.POLLUX_CACHE ?? join(root, '.pollux'), 'tools');
}

/** Path of the program; `undefined` where there is none. */
export function findVersitygw(environment = process.env) {
  const named = environment.POLLUX_VERSITYGW;
  const folders = [...(environment.PATH ?? '').split(delimiter), toolFolder(environment)];
  const paths = named ? [named] : folders.map((folder) => join(folder, PROGRAM));
  return paths.find((path) => existsSync(path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = findVersitygw();
  if (path === undefined) {
    console.error(HOW_TO_INSTALL);
    process.exitCode = 1;
  } else {
    console.log(path);
  }
}
