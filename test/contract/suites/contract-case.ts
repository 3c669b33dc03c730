/** One law as a case that any test runner can run: it rejects where the law is broken. */
export interface ContractCase {
  /** The law as a sentence. */
  readonly name: string;
  run(): Promise<void>;
}
