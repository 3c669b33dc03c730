// Builds dist: compiled sources, then the workflow bundle that production workers load.
// Writes the JSON Schemas of the workflow's input and result, too, unless --keep-schema is given.
// --if-stale does nothing where dist was made from the sources as they are.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow, isBuilt, root, sourceStamp, stampFile } from './source-stamp.mjs';
import { readSourceMap, withSourceMap } from './inline-source-map.mjs';
import { generateSchemas } from './schemas.mjs';

const dist = join(root, 'dist');
const workflowEntry = 'src/workflows/index';
const bundleFile = join(dist, 'workflow-bundle.js');

/** What the bundle must not hold: zod costs 700 KB of heap in each cached workflow. */
const FOREIGN_MODULE = /node_modules[\\/](zod|@temporalio[\\/](?:activity|client|worker))[\\/]/;

const has = (flag) => process.argv.includes(flag);

try {
  if (!has('--if-stale') || !isBuilt()) await build();
} catch (error) {
  console.error(`build failed: ${error.message}`);
  process.exitCode = 1;
}

async function build() {
  const stamp = sourceStamp();
  rmSync(stampFile, { force: true });
  compile();
  removeOrphans();
  await bundleWorkflows();
  if (!has('--keep-schema')) await writeSchemas();
  writeFileSync(stampFile, stamp);
}

function compile() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the sources do not compile; correct what is listed above');
}

/** An output whose source is gone would still be loaded, and packed. */
function removeOrphans() {
  for (const room of ['src', 'simulator', 'bench', 'test']) {
    for (const file of filesBelow(join(dist, room))) {
      const source = join(root, relative(dist, file)).replace(/(\.d\.ts|\.js)$/, '.ts');
      if (/(\.d\.ts|\.js)$/.test(file) && !existsSync(source)) rmSync(file);
    }
  }
}

async function bundleWorkflows() {
  if (!existsSync(join(root, `${workflowEntry}.ts`))) {
    throw new Error(`${workflowEntry}.ts is missing: it is the entry of the workflow bundle`);
  }
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const quiet = new DefaultLogger('WARN', ({ level, message }) => console.error(level, message));
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, `${workflowEntry}.js`),
    logger: quiet,
  });
  // The code itself names no module: only its map tells what is inside.
  const map = readSourceMap(code);
  const foreign = map.sources.map((source) => FOREIGN_MODULE.exec(source)?.[1]).find(Boolean);
  if (foreign !== undefined)
    throw new Error(`workflow code reaches ${foreign}, which it must not load`);
  // Stack traces name files as in the repository, and the map does not tell where the bundle was made.
  const withoutRoot = (text) => text.replaceAll(root, '');
  const sources = map.sources.map(withoutRoot);
  const sourcesContent = map.sourcesContent.map(withoutRoot);
  writeFileSync(bundleFile, withSourceMap(code, { ...map, sources, sourcesContent }));
}

async function writeSchemas() {
  mkdirSync(join(root, 'schema'), { recursive: true });
  for (const [file, text] of await generateSchemas()) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    writeFileSync(file, text);
    console.log(`wrote ${relative(root, file)}`);
  }
}
