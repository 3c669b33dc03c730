import { ERROR_CODES } from '../core/error-codes.ts';
import { isMediaJobError } from '../core/errors.ts';

/** A dependency that may be away. */
export interface Opened<Port> {
  /** Every use throws what opening met, where it is away. */
  readonly port: Port;
  close(): Promise<void>;
}

const DEPENDENCY_EXIT_CODE = ERROR_CODES['temporal.unavailable'].exitCode;

/** Opens a dependency. One that is away is no error here: using it is. */
export async function tryOpening<Port extends { close(): Promise<void> }>(
  open: () => Promise<Port>,
): Promise<Opened<Port>> {
  try {
    const port = await open();
    return { port, close: () => port.close() };
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    if (ERROR_CODES[error.code].exitCode !== DEPENDENCY_EXIT_CODE) throw error;
    const refuse = (): never => {
      throw error;
    };
    return { port: new Proxy({} as Port, { get: refuse }), close: async () => undefined };
  }
}
