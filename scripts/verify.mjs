// Every gate, one after the other, also after a failure. The last line is `N passed, N failed`: tests and gates.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readSourceMap } from './inline-source-map.mjs';
import { generateSchemas } from './schemas.mjs';
import { root } from './source-stamp.mjs';

const cache = join(root, 'node_modules', '.cache', 'pollux');
const isEverythingRequired = process.env.CI === 'true' || process.env.POLLUX_REQUIRE_ALL === '1';
const TESTS_TIMEOUT_MS = 45 * 60_000;

/** What the package may hold. */
const PACKED =
  /^(bin\/pollux|dist\/(src|simulator|test\/contract\/suites)\/.+\.(js|d\.ts)|dist\/workflow-bundle\.js|schema\/.+\.json|docs\/.+\.(md|svg)|simulator\/media\/.+|(package\.json|README\.md|LICENSE|CHANGELOG\.md))$/;

const total = { passed: 0, failed: 0 };
const failures = [];
mkdirSync(cache, { recursive: true });

await gate('format', () =>
  runTool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
);
await gate('lint', () => {
  const stored = ['--cache', '--cache-strategy=content', `--cache-location=${cache}/eslint`];
  return runTool('eslint/bin/eslint.js', '--max-warnings=0', ...stored, '.');
});
await gate('types', () =>
  runTool('typescript/bin/tsc', '--incremental', `--tsBuildInfoFile`, join(cache, 'types.json')),
);
await gate('build', () => runNode('scripts/build.mjs', '--if-stale', '--keep-schema'));
await gate('schema', checkSchemas);
await tests();
await gate('docs', () => runNode('scripts/check-docs.mjs'));
await gate('package', checkPackage);
await gate('lock file', checkLockFile);
await gate('compose file', checkComposeFile);

for (const failure of failures) console.log(`FAILED: ${failure}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);

/** A gate answers with its mistakes, one line each. */
async function gate(name, check) {
  const startedAt = heading(name);
  let mistakes;
  try {
    mistakes = await check();
  } catch (error) {
    mistakes = [error.message];
  }
  for (const mistake of mistakes) console.error(mistake);
  count(mistakes.length === 0, name);
  ended(name, startedAt, mistakes.length === 0 ? 'passed' : 'FAILED');
}

function count(isPassed, name) {
  if (isPassed) {
    total.passed += 1;
    return;
  }
  total.failed += 1;
  failures.push(name);
}

function heading(name) {
  console.log(`\n== ${name}`);
  return Date.now();
}

function ended(name, startedAt, how) {
  console.log(`== ${name}: ${how} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function runTool(path, ...parameters) {
  return runNode(join('node_modules', path), ...parameters);
}

function runNode(...parameters) {
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  return status === 0 ? [] : [`${parameters[0]} ended with code ${status}`];
}

async function tests() {
  const startedAt = heading('tests');
  const results = join(cache, 'tests.json');
  rmSync(results, { force: true });
  const parameters = ['--json', `--outputFile=${results}`, '--silent=false'];
  if (!hasTemporal()) parameters.push('--selectProjects', 'pure', 'model', 'crash');
  const { status } = spawnSync(
    process.execPath,
    [join('node_modules', 'jest', 'bin', 'jest.js'), ...parameters],
    // Jest prints its report on stderr, and with --json the results on stdout, too.
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], timeout: TESTS_TIMEOUT_MS },
  );
  if (!existsSync(results)) {
    count(false, `tests: jest ended with code ${status} and left no results`);
    ended('tests', startedAt, 'FAILED');
    return;
  }
  const report = JSON.parse(readFileSync(results, 'utf8'));
  total.passed += report.numPassedTests;
  for (const { name, status: outcome, assertionResults } of report.testResults) {
    const file = relative(root, name);
    const broken = assertionResults.filter((test) => test.status === 'failed');
    for (const test of broken) count(false, `${file}: ${test.fullName}`);
    if (outcome === 'failed' && broken.length === 0) count(false, `${file}: could not run`);
    for (const test of assertionResults.filter(isSkipped))
      reportSkipped(`${file}: ${test.fullName}`);
  }
  if (status !== 0 && failures.length === 0) count(false, `tests: jest ended with code ${status}`);
  ended('tests', startedAt, `${report.numPassedTests} passed, ${report.numFailedTests} failed`);
}

function isSkipped({ status }) {
  return status !== 'passed' && status !== 'failed';
}

function reportSkipped(name) {
  if (isEverythingRequired) count(false, `skipped: ${name}`);
  else console.log(`skipped: ${name}`);
}

/** False only where no Temporal CLI can be had; that is loud, and a failure where everything is required. */
function hasTemporal() {
  const finder = join('dist', 'src', 'cli', 'find-temporal-cli.js');
  const mistakes = runNode(finder);
  if (mistakes.length === 0) return true;
  console.error('WITHOUT A TEMPORAL SERVER: integration and fault tests do not run');
  if (isEverythingRequired) count(false, 'tests: no Temporal CLI');
  return false;
}

async function checkSchemas() {
  const schemas = await generateSchemas();
  return schemas
    .filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text)
    .map(([file]) => `${relative(root, file)} is not what the code says; run \`npm run build\``);
}

function checkPackage() {
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js');
  const [command, first] = npm ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
  const { stdout, stderr, status } = spawnSync(
    command,
    [...first, 'pack', '--dry-run', '--json', '--ignore-scripts'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) return [`npm pack ended with code ${status}: ${stderr}`];
  const answer = JSON.parse(stdout);
  const [{ files, size }] = Array.isArray(answer) ? answer : Object.values(answer);
  const paths = files.map(({ path }) => path);
  console.log(`${paths.length} files, ${(size / 1e6).toFixed(1)} MB packed`);
  const required = [
    'bin/pollux',
    'dist/src/index.js',
    'dist/src/index.d.ts',
    'dist/workflow-bundle.js',
    'LICENSE',
  ];
  return [
    ...required.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths.filter((path) => !PACKED.test(path)).map((path) => `${path} must not be packed`),
    ...paths.filter(tellsPaths).map((path) => `${path} tells where it was built`),
  ];
}

/** The build machine's folders have no place in a package, source maps included. */
function tellsPaths(path) {
  if (!/^dist\/.*\.js$/.test(path)) return false;
  const text = readFileSync(join(root, path), 'utf8');
  return text.includes(root) || JSON.stringify(readSourceMap(text) ?? {}).includes(root);
}

function checkLockFile() {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const isNamed = /"resolved": "https?:/.test(text);
  return isNamed
    ? ['package-lock.json names a registry; write it again with the settings in .npmrc']
    : [];
}

/** Needs the docker client with its compose plugin, not a running engine. */
function checkComposeFile() {
  const docker = (...parameters) =>
    spawnSync('docker', ['compose', ...parameters], { cwd: root, encoding: 'utf8' });
  if (docker('version').status !== 0) {
    console.log(
      'no docker client with compose here: only test/architecture/deployment.test.ts read the file',
    );
    return [];
  }
  const { status, stderr } = docker('config', '--quiet');
  return status === 0 ? [] : [stderr.trim()];
}
