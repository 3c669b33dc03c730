// Runs every test of the crash matrix at its full size, prints row, tests and result, and writes docs/crash-matrix.md.
// Ends with 1 where a test failed or a row has none.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { readFigures } from './crash-matrix/figures.mjs';
import { renderDocument, renderReport } from './crash-matrix/render.mjs';
import { ROWS } from './crash-matrix/rows.mjs';
import { root } from './source-stamp.mjs';

const HELP = `Usage: npm run crash-matrix -- [options]

Kills, freezes and starves real processes, databases and servers, and 100,000 simulated jobs, and counts what was bought.

  --jobs <number>    simulated jobs of the random model run (default 100000)
  --seed <number>    seed of the model and of the monkey (default: a new one, printed)
  --minutes <n>      how long the monkey disturbs its 200 jobs (default 2)
  --no-write         print only; docs/crash-matrix.md stays as it is
  --last             runs nothing: prints what the last \`npm test\` and the last crash matrix left

Examples:
  $ npm run crash-matrix
  $ npm run crash-matrix -- --jobs 5000 --minutes 0.5 --no-write
`;

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    minutes: { type: 'string', default: '2' },
    'no-write': { type: 'boolean', default: false },
    last: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
for (const name of ['jobs', 'seed', 'minutes']) requireNumber(name);

const cache = join(root, 'node_modules', '.cache', 'pollux');
const resultsFile = join(cache, options.last ? 'tests.json' : 'crash-matrix.json');
const figuresFile = join(cache, 'crash-matrix-figures.jsonl');
mkdirSync(cache, { recursive: true });
const status = options.last ? 0 : runTests();
if (!existsSync(resultsFile)) {
  console.error(`crash matrix: jest ended with code ${status} and left no results`);
  process.exit(1);
}

const tests = readTests(JSON.parse(readFileSync(resultsFile, 'utf8')));
const rows = ROWS.map((row) => ({ ...row, tests: tests.filter((test) => belongs(test, row)) }));
const run = {
  rows,
  failed: tests.filter(({ isPassed }) => !isPassed),
  figures: readFigures(figuresFile),
  seed: options.seed,
};
process.stdout.write(renderReport(run));
if (!options['no-write']) {
  const target = join(root, 'docs', 'crash-matrix.md');
  writeFileSync(target, renderDocument(run));
  const prettier = join('node_modules', 'prettier', 'bin', 'prettier.cjs');
  spawnSync(process.execPath, [prettier, '--write', '--log-level=warn', target], { cwd: root });
  console.log(`written: ${relative(root, target)}`);
}
const isProved = run.failed.length === 0 && rows.every((row) => row.tests.length > 0);
process.exitCode = isProved && status === 0 ? 0 : 1;

/** Every test of the matrix at its full size; jest's exit code. */
function runTests() {
  for (const file of [resultsFile, figuresFile]) rmSync(file, { force: true });

  console.log(`crash matrix: seed ${options.seed}, ${options.jobs} simulated jobs`);
  const jest = spawnSync(
    process.execPath,
    [
      ...[join('node_modules', 'jest', 'bin', 'jest.js'), '--json', `--outputFile=${resultsFile}`],
      ...['--selectProjects', 'pure', 'server', 'model', 'crash', 'monkey'],
      ...[
        '--testPathPatterns',
        'test/(contract|replay|faults|model|crash|monkey|unit/(activities|ledger|encryption|maintenance|providers))/',
      ],
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        POLLUX_FIGURES: figuresFile,
        POLLUX_SEED: options.seed,
        POLLUX_MODEL_JOBS: options.jobs,
        POLLUX_MONKEY_MINUTES: options.minutes,
        POLLUX_MONKEY_JOBS: '200',
        POLLUX_STORM_ITEMS: '2000',
      },
    },
  );
  return jest.status;
}

function requireNumber(name) {
  if (Number.isFinite(Number(options[name])) && Number(options[name]) >= 0) return;
  console.error(`--${name} (${JSON.stringify(options[name])}): must be a number of at least 0`);
  process.exit(2);
}

function readTests(report) {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      file: relative(root, name),
      name: fullName,
      isPassed: status === 'passed',
    })),
  );
}

/** A test names its rows anywhere in its name, as words of their own: "C3", "[C3 F1]". */
function belongs({ name }, { id, quotes }) {
  if (quotes.some((quote) => name.includes(quote))) return true;
  return new RegExp(`(^|[^A-Za-z0-9])${id}([^A-Za-z0-9]|$)`).test(name);
}
