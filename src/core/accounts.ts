import type { Account, Timing } from './account.ts';
import { resolveTiming } from './account.ts';
import { RequestError } from './errors.ts';
import { invalidRequest } from './request-issue.ts';
import type { MediaRequest } from './job.ts';
import { splitModel } from './keys.ts';
import type { Quote } from './money.ts';
import type { Model, Provider } from './provider.ts';

/** An account with the adapter that is bound to it. */
export interface AccountEntry {
  readonly account: Account;
  readonly provider: Provider;
}

/** The accounts of an installation, by name. */
export type AccountDirectory = ReadonlyMap<string, AccountEntry>;

/** A request that has passed every rule, with all that the account and the model say about it. */
export interface PreparedRequest extends AccountEntry {
  readonly model: Model;
  /** As given. */
  readonly request: MediaRequest;
  /** As the provider port takes it: `model` without the account. */
  readonly providerRequest: MediaRequest;
  readonly timing: Timing;
  /** `null` where the model has no price. */
  readonly quote: Quote | null;
}

/**
 * Finds account and model and checks every rule of the request. Pure.
 * Throws `request.invalid` naming field, value and rule of everything that is wrong.
 */
export function prepareRequest(accounts: AccountDirectory, request: MediaRequest): PreparedRequest {
  const { entry, model, providerRequest } = findModel(accounts, request);
  const issues = entry.provider.validate(providerRequest);
  if (issues.length > 0) throw invalidRequest(request.model, issues);
  return {
    ...entry,
    model,
    request,
    providerRequest,
    timing: resolveTiming(entry.account.timing, model.timing),
    quote: entry.provider.quote(providerRequest) ?? null,
  };
}

/**
 * Account and model of a request whose task exists already. What is given must be right, what is missing is not asked
 * for: the task's own parameters are not known, so a price that depends on an unstated duration is an estimate.
 * Throws `request.invalid`.
 */
export function prepareAdoption(
  accounts: AccountDirectory,
  request: MediaRequest,
): PreparedRequest {
  const { entry, model, providerRequest } = findModel(accounts, request);
  const issues = entry.provider
    .validate(providerRequest)
    .filter((issue) => issue.value !== undefined);
  if (issues.length > 0) throw invalidRequest(request.model, issues);
  const quote = entry.provider.quote(providerRequest);
  const isGuess = model.kind === 'video' && request.durationSeconds === undefined;
  return {
    ...entry,
    model,
    request,
    providerRequest,
    timing: resolveTiming(entry.account.timing, model.timing),
    quote: quote === undefined ? null : { ...quote, estimated: quote.estimated || isGuess },
  };
}

function findModel(
  accounts: AccountDirectory,
  request: MediaRequest,
): { entry: AccountEntry; model: Model; providerRequest: MediaRequest } {
  const parts = splitModel(request.model);
  if (parts === undefined) throw unknownModel(request.model, 'must be <account>/<model>');
  const entry = accounts.get(parts.account);
  if (entry === undefined) {
    const names = [...accounts.keys()].join(', ');
    throw unknownModel(
      request.model,
      `no account "${parts.account}" is configured; there are: ${names}`,
    );
  }
  const model = entry.provider.models.find(parts.model);
  if (model === undefined) {
    const ids = entry.provider.models.list().map((known) => known.id);
    throw unknownModel(
      request.model,
      `${entry.provider.name} has no such model; it has: ${ids.join(', ')}`,
    );
  }
  return { entry, model, providerRequest: { ...request, model: parts.model } };
}

function unknownModel(model: string, rule: string): RequestError {
  return new RequestError('request.invalid', `model (${JSON.stringify(model)}): ${rule}`, {
    details: { issues: [{ field: 'model', rule }] },
  });
}
