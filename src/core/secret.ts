const HIDDEN = '[secret]';

/**
 * A credential that cannot be printed by accident: text, JSON and inspection all give `[secret]`.
 * Only {@link Secret.reveal} returns the value; an adapter calls it where it writes the header.
 */
export class Secret {
  readonly #read: () => string;

  /** `read` is called at every {@link reveal}, so that a rotated key file takes effect at once. */
  constructor(read: () => string) {
    this.#read = read;
  }

  reveal(): string {
    return this.#read();
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}
