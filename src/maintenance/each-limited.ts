/**
 * Works on all items, at most `limit` at once. The first error ends it once the others that were begun are done; an
 * aborted signal begins nothing more.
 */
export async function eachLimited<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  limit: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = toAsync(items);
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    while (!hasFailed) {
      signal.throwIfAborted();
      const next = await iterator.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  const lanes = Array.from({ length: limit }, () =>
    lane().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function* toAsync<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
