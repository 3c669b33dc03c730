import type { Bound, Figure, Report } from '../../bench/figures.ts';

/** A report that keeps what it is given, by name. */
export function collectFigures(): {
  readonly figures: ReadonlyMap<string, Figure & { readonly bound: Bound | undefined }>;
  readonly report: Report;
} {
  const figures = new Map<string, Figure & { readonly bound: Bound | undefined }>();
  const report: Report = {
    add: (figure, bound) => {
      figures.set(figure.name, { ...figure, bound });
    },
    note: () => undefined,
  };
  return { figures, report };
}
