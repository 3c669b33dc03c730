const LOOK_INTERVAL_MS = 20;
const DEFAULT_TIMEOUT_MS = 20_000;

/** Resolves with what `look` finds. Throws where it has found nothing in time. */
export async function until<Found>(
  what: string,
  look: () => Found | undefined | false | Promise<Found | undefined | false>,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<Found> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadlineMs)
      throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}
