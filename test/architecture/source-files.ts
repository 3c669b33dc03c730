import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';

export const ROOT: string = join(__dirname, '..', '..');

/** One import of a source file, of whatever form. */
export interface ImportEdge {
  /** Path from the root of the repository, with `/`. */
  readonly from: string;
  /** Path from the root for a file of ours, the package's specifier otherwise. */
  readonly to: string;
  readonly isOurs: boolean;
  /** Erased when compiled. */
  readonly isTypeOnly: boolean;
}

/** Every TypeScript file below the folders, as paths from the root, sorted. */
export function listSources(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => {
    const entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
    const files = entries.filter((entry) => entry.endsWith('.ts'));
    return files.map((file) => `${folder}/${file.split(sep).join('/')}`).sort();
  });
}

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export function parseSource(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readSource(file), ts.ScriptTarget.ES2023, true);
}

export function listImports(file: string): readonly ImportEdge[] {
  const edges: ImportEdge[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isOurs = specifier.text.startsWith('.');
    const path = relative(ROOT, join(ROOT, dirname(file), specifier.text));
    const to = isOurs ? path.split(sep).join('/') : specifier.text;
    edges.push({ from: file, to, isOurs, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(node.moduleSpecifier, isTypeOnly);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(parseSource(file));
  return edges;
}
