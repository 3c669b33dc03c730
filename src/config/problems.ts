import type { Document, LineCounter } from 'yaml';
import { ConfigError } from '../core/errors.ts';
import type { SchemaProblem } from '../schema/problems.ts';
import { formatPath } from '../schema/problems.ts';

/** All problems of one file as one `config.invalid`: a line each, in the order of the file. */
export function invalidConfig(
  file: string,
  problems: readonly SchemaProblem[],
  yaml: Document.Parsed,
  lines: LineCounter,
): ConfigError {
  const described = problems.map((problem) => {
    const path = formatPath(problem.path);
    return { path, rule: problem.rule, line: lineOf(problem.path, yaml, lines), problem };
  });
  const texts = [...described]
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0))
    .map(({ path, rule, line, problem }) => {
      const at = line === undefined ? '' : `line ${String(line)}: `;
      return `  ${at}${path}${showValue(path, problem.value)}: ${rule}`;
    });
  const count = problems.length === 1 ? '1 problem' : `${String(problems.length)} problems`;
  return new ConfigError('config.invalid', `${file}: ${count}\n${[...new Set(texts)].join('\n')}`, {
    details: { problems: described.map(({ path, rule }) => ({ path, rule })) },
  });
}

/** Line of the setting, or of the nearest one around it that is written. */
function lineOf(
  path: readonly (string | number)[],
  yaml: Document.Parsed,
  lines: LineCounter,
): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = yaml.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const start: unknown = node.range[0];
      if (typeof start === 'number') return lines.linePos(start).line;
    }
  }
  return undefined;
}

const SHOWN_VALUE_LENGTH = 60;

function showValue(path: string, value: unknown): string {
  if (value === undefined) return '';
  if (/apiKey|secret|keys\[\d+\]\.file|(ledger|storage)\.url/i.test(path)) return ' (not shown)';
  if (typeof value === 'object' && value !== null) return '';
  const text = JSON.stringify(value);
  return text.length > SHOWN_VALUE_LENGTH
    ? ` (${text.slice(0, SHOWN_VALUE_LENGTH)}…)`
    : ` (${text})`;
}
