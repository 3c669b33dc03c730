/** True for what survives JSON unchanged, where an absent member may be spelled `undefined`. */
export function isPlainJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlainJson);
  if (typeof value !== 'object') return false;
  const isRecord = Object.getPrototypeOf(Object.getPrototypeOf(value) ?? value) === null;
  return (
    isRecord && Object.values(value).every((member) => member === undefined || isPlainJson(member))
  );
}
