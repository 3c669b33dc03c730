// Makes a checkout ready: packages, build, Temporal CLI. Plain Node, since it is the first command on a fresh clone.
// What is up to date is left alone. With --for-tests it looks for PostgreSQL, ffmpeg and an S3 server, too; one that is
// missing is no failure, unless CI or POLLUX_REQUIRE_ALL=1 demands every test: the tests that do not need it still run.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgres, HOW_TO_INSTALL } from './find-postgres.mjs';
import {
  findVersitygw,
  HOW_TO_INSTALL as HOW_TO_INSTALL_VERSITYGW,
  toolFolder,
  VERSITYGW_MODULE,
} from './find-versitygw.mjs';
import { isBuilt, root } from './source-stamp.mjs';

const OLDEST_NODE = [20, 19];
const isForTests = process.argv.includes('--for-tests');
const isEverythingRequired = process.env.CI === 'true' || process.env.POLLUX_REQUIRE_ALL === '1';

class SetupError extends Error {}

try {
  const unknown = process.argv.slice(2).find((argument) => argument !== '--for-tests');
  if (unknown !== undefined) {
    throw new SetupError(`there is no argument ${unknown}; there is --for-tests`);
  }
  checkNode();
  step('packages', isInstalled(), 'npm ci', install);
  step('build', isBuilt(), 'compile and bundle', build);
  step('temporal', false, 'find or fetch the Temporal CLI', findTemporalCli);
  if (isForTests) {
    step('postgres', findPostgres() !== undefined, 'install PostgreSQL', installPostgres);
    step('ffmpeg', hasFfmpeg(), 'install ffmpeg', installFfmpeg);
    const hasVersitygw = findVersitygw() !== undefined;
    step('versitygw', hasVersitygw, 'build the S3 server, about two minutes', buildVersitygw);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup failed: ${error.message}`);
  process.exitCode = 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old; install Node ${OLDEST_NODE.join('.')} or later, then run this again`,
  );
}

/** One line when it begins, since it may take a minute, and one when it is done. */
function step(name, isUpToDate, what, work) {
  if (isUpToDate) {
    console.log(`setup: ${name}: up to date`);
    return;
  }
  const startedAt = Date.now();
  console.log(`setup: ${name}: ${what} …`);
  work();
  console.log(`setup: ${name}: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** npm leaves a list of what it installed: it must say the same as the lock file, optional packages aside. */
function isInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const installed = readPackages(installedFile);
  const wanted = readPackages(join(root, 'package-lock.json'));
  const isMissing = ([path, { version, optional }]) =>
    path !== '' && !optional && installed[path]?.version !== version;
  const isSurplus = (path) => wanted[path] === undefined;
  return !Object.entries(wanted).some(isMissing) && !Object.keys(installed).some(isSurplus);
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function install() {
  const cli = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? process.env.npm_execpath
    : undefined;
  const parameters = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } =
    cli === undefined
      ? spawnSync('npm', parameters, {
          cwd: root,
          stdio: 'inherit',
          shell: process.platform === 'win32',
        })
      : spawnSync(process.execPath, [cli, ...parameters], { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  const reason = error === undefined ? `code ${status}` : error.message;
  throw new SetupError(
    `npm ci ended with ${reason}; read what npm says above, check the network and the registry that npm is configured for, then run this again`,
  );
}

function build() {
  run(
    [join('scripts', 'build.mjs'), '--keep-schema'],
    'the build ended with an error; read what it says above',
  );
}

function findTemporalCli() {
  const missing =
    'no Temporal CLI; install one of version 1.8 or later, set POLLUX_TEMPORAL_CLI to its path, then run this again';
  try {
    run([join('dist', 'src', 'cli', 'find-temporal-cli.js')], missing);
  } catch (error) {
    if (!isForTests || isEverythingRequired) throw error;
    console.error(
      `setup: WITHOUT A TEMPORAL SERVER: integration and fault tests cannot run: ${missing}`,
    );
  }
}

/** Only root may install packages, and only Debian's are known here. */
function installPackage(name) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const parameters of [['update'], ['install', '--no-install-recommends', name]]) {
    const quietly = ['--quiet', '--yes', ...parameters];
    spawnSync('/usr/bin/apt-get', quietly, { stdio: 'inherit', env: environment });
  }
}

function hasFfmpeg() {
  return spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0;
}

function installFfmpeg() {
  installPackage('ffmpeg');
  if (hasFfmpeg()) return;
  const missing = 'ffmpeg is missing: install it (apt-get install ffmpeg), then run this again';
  if (isEverythingRequired) throw new SetupError(missing);
  console.error(`setup: WITHOUT FFMPEG: the tests that decode media will fail: ${missing}`);
}

function installPostgres() {
  if (!process.env.POLLUX_POSTGRES_BIN) installPackage('postgresql');
  if (findPostgres() !== undefined) return;
  if (isEverythingRequired) throw new SetupError(HOW_TO_INSTALL);
  console.error(`setup: WITHOUT POSTGRESQL: the tests of its ledger will fail: ${HOW_TO_INSTALL}`);
}

/** Go checks the module against its public sums. A path that POLLUX_VERSITYGW names is not made here. */
function buildVersitygw() {
  if (!process.env.POLLUX_VERSITYGW) {
    const environment = { ...process.env, GOBIN: toolFolder() };
    spawnSync('go', ['install', VERSITYGW_MODULE], {
      cwd: tmpdir(),
      stdio: 'inherit',
      env: environment,
    });
  }
  if (findVersitygw() !== undefined) return;
  if (isEverythingRequired) throw new SetupError(HOW_TO_INSTALL_VERSITYGW);
  console.error(
    `setup: WITHOUT AN S3 SERVER: the tests of the S3 store will fail: ${HOW_TO_INSTALL_VERSITYGW}`,
  );
}

function run(parameters, failure) {
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new SetupError(failure);
}
