// The crash matrix as text for a terminal and as docs/crash-matrix.md.

export function renderReport({ rows, failed, figures, seed }) {
  const lines = rows.map(
    (row) => `${row.id.padEnd(4)} ${resultOf(row).padEnd(16)} ${row.fault}${testsOf(row)}`,
  );
  const measured = figures.map(({ name, value, unit }) => `${name}: ${value} ${unit}`);
  const broken = failed.map(({ file, name }) => `FAILED: ${file}: ${name}`);
  const passed = rows.flatMap(({ tests }) => tests).filter(({ isPassed }) => isPassed).length;
  return `${[...lines, '', ...measured, ...broken, `seed ${seed}`, `${passed} tests of rows passed`].join('\n')}\n`;
}

export function renderDocument({ rows, figures }) {
  return `# Crash matrix

Written by \`npm run crash-matrix\`. The truth about what was bought is the book of the simulated provider, never our ledger. Levels: L0 runs the real workflow and activity code in virtual time and
crashes it around every call of a port; L1 kills real processes at failpoints and system calls; L2 adds a real Temporal
server; the monkey disturbs everything at once and then runs \`pollux audit\`.

| row | fault | what must hold | result |
| --- | ----- | -------------- | ------ |
${rows.map((row) => `| ${row.id} | ${row.fault} | ${row.holds} | ${resultOf(row)} |`).join('\n')}

## Figures

| what | value |
| ---- | ----- |
${figures.map(({ name, value, unit }) => `| ${name} | ${value} ${unit} |`).join('\n')}

## Tests of each row

${rows
  .filter(({ tests }) => tests.length > 0)
  .map(renderTests)
  .join('\n\n')}
`;
}

function renderTests({ id, fault, tests }) {
  const lines = tests.map(({ file, name, isPassed }) => {
    return `- ${isPassed ? 'passed' : 'FAILED'}: [${file}](../${file}): ${escape(name)}`;
  });
  return [`### ${id}: ${fault}`, '', ...lines].join('\n');
}

/** Names are sentences; what Markdown would take for its own is kept as text. */
function escape(name) {
  return name.replace(/[[\]<>*_|]/g, (character) => `\\${character}`);
}

function resultOf({ tests }) {
  if (tests.length === 0) return 'NOT PROVED';
  const failed = tests.filter(({ isPassed }) => !isPassed).length;
  return failed === 0 ? `passed (${tests.length})` : `FAILED (${failed} of ${tests.length})`;
}

function testsOf({ tests }) {
  if (tests.length === 0) return '';
  return `\n${tests.map(({ name, isPassed }) => `       ${isPassed ? '' : 'FAILED: '}${name}`).join('\n')}`;
}
