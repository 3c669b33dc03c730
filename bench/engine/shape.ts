/** What each job of the benchmark does, on every side. Crosses Temporal as plain JSON. */
export type JobShape = {
  /** Readings of the task; the last one shows it finished. */
  readonly polls: number;
  /** Before each reading. */
  readonly delayMs: number;
};

/** A request has no field for it, so it goes in the prompt. */
export function toPrompt(shape: JobShape): string {
  return JSON.stringify(shape);
}

export function fromPrompt(prompt: string | undefined): JobShape {
  return JSON.parse(prompt ?? '') as JobShape;
}
