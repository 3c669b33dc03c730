// Checks what documents claim: error rules, links, commands, code. Prints one line per mistake.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, root } from './source-stamp.mjs';

const read = (file) => readFileSync(file, 'utf8');
const shown = (file) => relative(root, file);
const TEST_RESULTS = join(root, 'node_modules', '.cache', 'pollux', 'tests.json');
const ROOM_OF_EXAMPLES = join(root, 'node_modules', '.cache', 'pollux-docs');

/** Modules whose functions `src/index.ts` exports; their `@example` blocks use the API without importing it. */
const SOURCES_OF_THE_API = ['client.ts', 'config.ts', 'installation.ts'].map((name) =>
  join(root, 'src', name),
);
const API_NAMES = Object.keys(
  await import(pathToFileURL(join(root, 'dist', 'src', 'index.js')).href),
);

const documents = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) =>
    join(root, name),
  ),
  ...filesBelow(join(root, 'docs')).filter((file) => file.endsWith('.md')),
].filter((file) => existsSync(file));

const mistakes = [
  ...(await checkErrorRules()),
  ...documents.flatMap(checkLinks),
  ...documents.flatMap(checkCommands),
  ...checkPromises(),
  ...checkExamples(),
];
for (const mistake of mistakes) console.error(mistake);
console.log(`docs: ${documents.length} documents, ${mistakes.length} mistakes`);
process.exitCode = mistakes.length === 0 ? 0 : 1;

/** Entries and rules of docs/errors.md against the error table. */
async function checkErrorRules() {
  const module = join(root, 'dist', 'src', 'core', 'error-codes.js');
  const { ERROR_CODES } = await import(pathToFileURL(module).href);
  const entries = new Map(
    read(join(root, 'docs', 'errors.md'))
      .split(/^## /m)
      .slice(1)
      .map((entry) => [/^`(.+)`/.exec(entry)?.[1], entry]),
  );
  const surplus = [...entries.keys()].filter((code) => !(code in ERROR_CODES));
  const wrong = Object.entries(ERROR_CODES).flatMap(([code, rule]) => {
    const line = `Before: ${rule.before}. After: ${rule.after}. HTTP ${rule.httpStatus}. Exit ${rule.exitCode}.`;
    return entries.get(code)?.includes(line) ? [] : [`docs/errors.md: ${code}: must say "${line}"`];
  });
  return [...surplus.map((code) => `docs/errors.md: ${code}: is no error code`), ...wrong];
}

function checkLinks(file) {
  const text = withoutFences(read(file));
  const targets = [...text.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map((link) => link.groups.target);
  return targets
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .filter((target) => !existsSync(join(dirname(file), decodeURI(target.split('#')[0]))))
    .map((target) => `${shown(file)}: link ${target} leads nowhere`);
}

/** `npm run <script>` and `pollux <command>` in code must exist. */
function checkCommands(file) {
  const { scripts } = JSON.parse(read(join(root, 'package.json')));
  const code = [...read(file).matchAll(/```[^]*?```|`[^`\n]+`/g)].map(([text]) => text).join('\n');
  const runs = [...code.matchAll(/npm run (?<name>[a-z][\w:-]*)/g)]
    .filter(({ groups }) => !(groups.name in scripts))
    .map(({ groups }) => `${shown(file)}: there is no script "${groups.name}"`);
  const commands = commandNames();
  const calls = [...code.matchAll(/(?:^|`|\$ |bin\/)pollux (?<name>[a-z]+)/gm)]
    .filter(({ groups }) => !commands.has(groups.name))
    .map(({ groups }) => `${shown(file)}: there is no command "pollux ${groups.name}"`);
  return [...new Set([...runs, ...calls])];
}

/**
 * Every sentence that docs/promises.md quotes as proof must be (part of) the name of a test that passed in the last run, and
 * every row of the README's table must be one of its rows.
 */
function checkPromises() {
  const promises = promiseRows(join('docs', 'promises.md'));
  const known = new Set(promises.map(normalize));
  const strangers = promiseRows('README.md')
    .filter((row) => !known.has(normalize(row)))
    .map((row) => `README.md: this row is not in docs/promises.md: ${row}`);
  if (!existsSync(TEST_RESULTS)) {
    console.log('docs: no test results yet, so the promises were not compared with the tests');
    return strangers;
  }
  const passed = JSON.parse(read(TEST_RESULTS)).testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
  );
  const quotes = promises.flatMap((row) =>
    [...row.matchAll(/"([^"]+)"/g)].map(([, quote]) => quote),
  );
  const unproved = quotes
    .filter((quote) => !passed.some((name) => name.includes(quote)))
    .map((quote) => `docs/promises.md: no test that passed is named "${quote}"`);
  return [...strangers, ...unproved];
}

function promiseRows(document) {
  return read(join(root, document))
    .split('\n')
    .filter((line) => /^\| .*\]\((\.\.\/)?test\//.test(line));
}

/** A row without the width of its columns and the place of its document. */
function normalize(row) {
  return row.replaceAll('](../', '](').replace(/\s+/g, ' ');
}

/** The names that the command line declares. */
function commandNames() {
  const sources = filesBelow(join(root, 'src', 'cli'))
    .map(read)
    .join('\n');
  const declared = sources.matchAll(/(?:\.command|new Command)\(\s*['"`](?<name>[a-z-]+)/g);
  return new Set(['help', ...[...declared].map(({ groups }) => groups.name)]);
}

/** Code marked `ts` in documents and in `@example` blocks must compile against the sources. */
function checkExamples() {
  const examples = [...documents, ...SOURCES_OF_THE_API].flatMap(examplesOf);
  rmSync(ROOM_OF_EXAMPLES, { recursive: true, force: true });
  if (examples.length === 0) return [];
  mkdirSync(ROOM_OF_EXAMPLES, { recursive: true });
  const names = examples.map(({ file, code }, index) => {
    const name = `${shown(file).replace(/[^a-z0-9]+/gi, '-')}-${index + 1}.ts`;
    writeFileSync(join(ROOM_OF_EXAMPLES, name), `${code}\nexport {};\n`);
    return name;
  });
  writeFileSync(join(ROOM_OF_EXAMPLES, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(ROOM_OF_EXAMPLES, 'tsconfig.json'), JSON.stringify(exampleConfig(names)));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', ROOM_OF_EXAMPLES], {
    cwd: ROOM_OF_EXAMPLES,
    encoding: 'utf8',
  });
  return status === 0 ? [] : stdout.trim().split('\n');
}

function examplesOf(file) {
  if (file.endsWith('.md')) {
    return [...read(file).matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => ({ file, code }));
  }
  const blocks = read(file).matchAll(/\* @example\n([^]*?)\*\//g);
  return [...blocks].map(([, text]) => {
    const code = text.replace(/^\s*\* ?/gm, '').replace(/^```.*$/gm, '');
    const used = API_NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
    return { file, code: `import { ${used.join(', ')} } from 'pollux';\n${code}` };
  });
}

function exampleConfig(files) {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      isolatedDeclarations: false,
      paths: {
        pollux: [join(root, 'src', 'index.ts')],
        'pollux/testing': [join(root, 'test', 'contract', 'suites', 'index.ts')],
        'pollux/providers/*': [join(root, 'src', 'providers', '*', 'index.ts')],
      },
    },
    include: [],
    files,
  };
}

function withoutFences(text) {
  return text.replace(/```[^]*?```|`[^`\n]+`/g, '');
}
