/**
 * Keeps texts unreadable at rest. Laws: `open(seal(text))` is `text`; `open` takes what was never sealed as it is, so that
 * rows older than the key stay readable.
 */
export interface Sealer {
  /** False where there is no key: {@link seal} then returns its text. */
  readonly isSealing: boolean;
  seal(text: string): string;
  /** `ledger.unavailable`, which is retried, where the key that sealed the text is not in the ring, or the text was changed. */
  open(text: string): string;
}

/** For installations without a key. */
export const PLAIN: Sealer = {
  isSealing: false,
  seal: (text) => text,
  open: (text) => text,
};
