/** The first of what may be many, and how many there are. */
export interface Bounded<Item> {
  readonly total: number;
  readonly items: readonly Item[];
}

const MAX_ITEMS = 200;

/** A report crosses Temporal and is read by a person: it must not grow with the installation. */
export function toBounded<Item>(items: readonly Item[]): Bounded<Item> {
  return { total: items.length, items: items.slice(0, MAX_ITEMS) };
}
