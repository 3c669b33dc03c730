/**
 * Whether this process may submit. It is shut while an outcome could not be kept here: a worker whose spool takes no
 * record must not buy anything.
 */
export interface SubmitGate {
  /** Why nothing is submitted; `undefined` while the gate is open. For a person. */
  reason(): string | undefined;
  shut(reason: string): void;
  open(): void;
}

export function createSubmitGate(): SubmitGate {
  let shutBecause: string | undefined;
  return {
    reason: () => shutBecause,
    shut: (reason) => {
      shutBecause = reason;
    },
    open: () => {
      shutBecause = undefined;
    },
  };
}
