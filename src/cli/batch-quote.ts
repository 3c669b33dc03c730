import { RequestError } from '../core/errors.ts';
import { formatMoney } from '../core/money.ts';
import type { ManifestProblem, ManifestSummary } from '../manifest/index.ts';
import { print, printJson, say } from './host.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** Throws `request.invalid` after every mistake has had its line on stderr; likewise for a manifest without items. */
export function requireGood(
  terminal: Terminal,
  file: string,
  { problems, problemCount, items }: ManifestSummary,
  format: (problem: ManifestProblem) => string,
): void {
  for (const problem of problems) say(terminal, format(problem));
  const more = problemCount - problems.length;
  if (more > 0) say(terminal, `and ${String(more)} more`);
  if (problemCount > 0) {
    const mistakes = problemCount === 1 ? '1 mistake' : `${String(problemCount)} mistakes`;
    throw new RequestError(
      'request.invalid',
      `${file}: ${mistakes}; nothing was stored and nothing was sent`,
    );
  }
  if (items === 0) throw new RequestError('request.invalid', `${file}: it holds no items`);
}

/** What the items would cost, before any of them is started. */
export function sayQuote(terminal: Terminal, summary: ManifestSummary): void {
  for (const line of quoteLines(terminal, summary)) say(terminal, line);
}

export function printDryRun(terminal: Terminal, summary: ManifestSummary, isJson: boolean): void {
  const { items, quoted, unpriced, models } = summary;
  if (isJson) {
    printJson(terminal, { items, quoted, unpriced, models });
    return;
  }
  for (const line of quoteLines(terminal, summary)) print(terminal, line);
  print(terminal, 'the manifest is valid; nothing was stored and nothing was sent');
}

function quoteLines(terminal: Terminal, summary: ManifestSummary): readonly string[] {
  const { items, quoted, unpriced, models } = summary;
  return [
    `${count(items)}: ${models.map((one) => `${one.model} ${String(one.items)}`).join(', ')}`,
    ...quoted.map(
      (total) =>
        `${total.estimated ? 'at most ' : ''}${formatMoney(total)} for ${count(total.items)}`,
    ),
    ...(unpriced === 0
      ? []
      : [
          paint(
            terminal,
            terminal.stderr,
            'yellow',
            `warning: no price is known for ${count(unpriced)}; where a budget applies, what has no price is refused`,
          ),
        ]),
  ];
}

function count(items: number): string {
  return items === 1 ? '1 item' : `${String(items)} items`;
}
