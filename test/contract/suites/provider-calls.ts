import type { MediaRequest } from '../../../src/core/job.ts';
import type { Logger } from '../../../src/core/logger.ts';
import type {
  CallContext,
  Operation,
  Provider,
  Reading,
  Submission,
} from '../../../src/core/provider.ts';
import { Secret } from '../../../src/core/secret.ts';

/** The key of every call; it must be found in the authorization header and nowhere else. */
export const KEY = 'canary-0123456789-abcdef';

const TIMEOUT_MS = 5_000;

export interface SubmitChoices {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
  readonly lastCheck?: () => Promise<boolean>;
  readonly callbackUrl?: string;
}

/** Calls a provider as an activity would, and keeps all that it returned and logged. */
export interface ProviderCalls {
  submit(request: MediaRequest, choices?: SubmitChoices): Promise<Submission>;
  read(operation: Operation): Promise<Reading>;
  /** A context for the members that are not wrapped here. */
  context(): CallContext;
  readonly seen: readonly unknown[];
  warnings(): number;
}

export function watchCalls(provider: Provider): ProviderCalls {
  const seen: unknown[] = [];
  let warnings = 0;
  const log = (message: string, fields: unknown): void => {
    seen.push({ message, fields });
  };
  const logger: Logger = {
    debug: log,
    info: log,
    warn: (message, fields) => {
      warnings += 1;
      log(message, fields);
    },
    error: log,
  };
  const contextFor = (choices: SubmitChoices): CallContext => ({
    signal: choices.signal ?? new AbortController().signal,
    apiKey: new Secret(() => KEY),
    timeoutMs: choices.timeoutMs ?? TIMEOUT_MS,
    logger,
  });
  const keep = <Value>(value: Value): Value => {
    seen.push(value);
    return value;
  };
  return {
    seen,
    context: () => contextFor({}),
    warnings: () => warnings,
    submit: async (request, choices = {}) => {
      const lastCheck = choices.lastCheck ?? ((): Promise<boolean> => Promise.resolve(true));
      const { callbackUrl } = choices;
      const callback = callbackUrl === undefined ? {} : { callbackUrl };
      return keep(
        await provider.submit(request, { ...contextFor(choices), lastCheck, ...callback }),
      );
    },
    read: async (operation) => keep(await provider.read(operation, contextFor({}))),
  };
}
