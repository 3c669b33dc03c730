import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { ERROR_CODES } from '../../src/core/error-codes.ts';
import { listSources, parseSource, readSource, ROOT } from './source-files.ts';

const MAX_LINES = 400;
const MAX_MEDIAN_LINES = 120;
const MAX_P90_LINES = 250;
const VAGUE = /(^|-)(utils?|helpers?|common|misc|manager|service|handler-impl)(-|$)/;

const sources = listSources('src', 'simulator', 'bench');
const tests = listSources('test').filter((file) => file.endsWith('.test.ts'));

const countLines = (file: string): number => readSource(file).trimEnd().split('\n').length;

describe('source files', () => {
  it(`have at most ${MAX_LINES} lines`, () => {
    expect(sources.filter((file) => countLines(file) > MAX_LINES)).toEqual([]);
  });

  it('are short in the median and at the ninetieth percentile', () => {
    const lines = sources.map(countLines).sort((left, right) => left - right);

    expect(lines[Math.floor(lines.length * 0.5)]).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
    expect(lines[Math.floor(lines.length * 0.9)]).toBeLessThanOrEqual(MAX_P90_LINES);
  });

  it('are named in kebab case for one idea', () => {
    const names = sources.map((file) => [file, basename(file, '.ts')] as const);

    expect(names.filter(([, name]) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.filter(([, name]) => VAGUE.test(name))).toEqual([]);
  });

  it('hold no switched-off check', () => {
    const switches = /@ts-(ignore|expect-error|nocheck)|eslint-disable/;

    expect(sources.filter((file) => switches.test(readSource(file)))).toEqual([]);
  });
});

describe('tests', () => {
  it('are neither skipped, singled out nor left for later', () => {
    const switches = /\b(describe|it|test)\.(skip|only|todo|failing)\b|\bx(describe|it|test)\(/;

    expect(tests.filter((file) => switches.test(readSource(file)))).toEqual([]);
  });

  it('have names that are used once in their file', () => {
    const duplicates = tests.flatMap((file) => findDuplicates(namesOf(file), file));

    expect(duplicates).toEqual([]);
  });
});

describe('error codes', () => {
  it('have one entry each in docs/errors.md, and it has no other', () => {
    const headings = readSource('docs/errors.md').matchAll(/^## `(?<code>[a-z_.]+)`$/gm);
    const documented = [...headings].map((heading) => heading.groups?.['code']);

    expect(documented.sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });
});

describe('the package', () => {
  it('locks versions without naming a registry', () => {
    expect(readSource('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });

  it('exports the names that are public, and no other', () => {
    const entry = parseSource('src/index.ts');
    const declarations = entry.statements.filter(ts.isExportDeclaration);
    const names = declarations.flatMap(({ exportClause }) =>
      exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map((element) => element.name.text)
        : ['*'],
    );

    expect(names).not.toContain('*');
    expect(names.sort()).toMatchSnapshot();
  });

  it('keeps heavy and forbidden modules out of the built workflow bundle', () => {
    const map = /sourceMappingURL=data:[^,]*;base64,(?<map>[\w+/=]+)/.exec(readBundle());
    const { sources: modules } = JSON.parse(
      Buffer.from(map?.groups?.['map'] ?? '', 'base64').toString('utf8'),
    ) as { readonly sources: readonly string[] };
    const foreign = /node_modules\/(zod|@temporalio\/(activity|client|worker))\//;

    expect(modules).toContain('dist/src/workflows/generate-media.js');
    expect(modules.filter((module) => foreign.test(module))).toEqual([]);
  });
});

function readBundle(): string {
  const bundle = 'dist/workflow-bundle.js';
  if (existsSync(join(ROOT, bundle))) return readSource(bundle);
  throw new Error(`${bundle} is missing: run \`npm run build\``);
}

/** Full names of the tests of a file that are written as literals: those of its groups, then its own. */
function namesOf(file: string): readonly string[] {
  const names: string[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    let inner = groups;
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const [title] = node.arguments;
      const isLiteral = title !== undefined && ts.isStringLiteralLike(title);
      if (isLiteral && node.expression.text === 'describe') inner = [...groups, title.text];
      if (isLiteral && ['it', 'test'].includes(node.expression.text)) {
        names.push([...groups, title.text].join(' > '));
      }
    }
    ts.forEachChild(node, (child) => {
      visit(child, inner);
    });
  };
  visit(parseSource(file), []);
  return names;
}

function findDuplicates(names: readonly string[], file: string): readonly string[] {
  const surplus = names.filter((name, index) => names.indexOf(name) !== index);
  return surplus.map((name) => `${file}: ${name}`);
}
