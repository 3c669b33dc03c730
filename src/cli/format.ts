const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** `48.2 kB`: decimal units. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${String(sizeBytes)} B`;
  const power = Math.min(UNITS.length, Math.floor(Math.log10(sizeBytes) / 3));
  return `${(sizeBytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1] ?? ''}`;
}

/** `41 s`, `2 min 41 s`, `3 h 5 min`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60)} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
