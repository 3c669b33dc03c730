import { forbids } from './rooms.ts';
import type { ImportEdge } from './source-files.ts';
import { listImports, listSources } from './source-files.ts';

const sources = listSources('src', 'simulator', 'bench');
const edges = sources.flatMap(listImports);

const edge = (from: string, to: string, isTypeOnly = false): ImportEdge => ({
  from,
  to,
  isTypeOnly,
  isOurs: to.startsWith('src/') || to.startsWith('simulator/'),
});

describe('the arrows between rooms', () => {
  it('point only where the table of rooms lets them', () => {
    expect(edges.map(forbids).filter((reason) => reason !== undefined)).toEqual([]);
  });

  it.each([
    edge('src/core/job.ts', 'node:fs'),
    edge('src/core/job.ts', 'src/failures.ts', true),
    edge('src/workflows/generate-media.ts', 'src/activities/index.ts'),
    edge('src/workflows/generate-media.ts', 'zod'),
    edge('src/activities/submit.ts', 'src/providers/index.ts', true),
    edge('src/ledger/sql.ts', 'src/storage/index.ts'),
    edge('src/providers/http.ts', '@temporalio/common', true),
    edge('src/cli/run.ts', 'simulator/server.ts'),
    edge('simulator/server.ts', 'src/core/job.ts', true),
    edge('src/nowhere/file.ts', 'src/core/job.ts'),
  ])('refuse $from to reach $to', (forbidden) => {
    expect(forbids(forbidden)).toBeDefined();
  });

  it('let workflows take activities as types', () => {
    const allowed = edge('src/workflows/generate-media.ts', 'src/activities/index.ts', true);

    expect(forbids(allowed)).toBeUndefined();
  });
});

describe('the import graph', () => {
  it('has no cycle, types included', () => {
    expect(findCycles(edges)).toEqual([]);
  });

  it('shows a cycle as the way around it', () => {
    const cycle = [edge('src/a.ts', 'src/b.ts'), edge('src/b.ts', 'src/a.ts', true)];

    expect(findCycles(cycle)).toEqual(['src/a.ts -> src/b.ts -> src/a.ts']);
  });
});

/** Depth first; each edge back into the current path closes one cycle. */
function findCycles(all: readonly ImportEdge[]): readonly string[] {
  const next = new Map<string, ImportEdge[]>();
  for (const one of all) next.set(one.from, [...(next.get(one.from) ?? []), one]);
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].join(' -> '));
    if (start >= 0 || finished.has(file)) return;
    for (const { to, isOurs } of next.get(file) ?? []) if (isOurs) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
}
