import type { Account, Timing } from '../core/account.ts';
import { DEFAULT_BASE_URLS, DEFAULT_TIMING } from '../core/account.ts';
import type { Price } from '../core/money.ts';
import type { AccountDocument, PriceDocument } from './document.ts';
import { isPrivateHost } from './private-host.ts';
import type { Surroundings } from './secrets.ts';
import { toSecret, toSecretId } from './secrets.ts';
import type { SchemaProblem } from '../schema/problems.ts';
import { isRecord } from '../schema/problems.ts';

/** Rules between two settings of an account. Looks at the document as written, so that they show beside all others. */
export function accountProblems(document: unknown): readonly SchemaProblem[] {
  const accounts = isRecord(document) ? document['accounts'] : undefined;
  if (!isRecord(accounts)) return [];
  return Object.entries(accounts).flatMap(([name, account]) => {
    if (!isRecord(account)) return [];
    const path = ['accounts', name];
    return [
      ...baseUrlRules(account).map((rule) => ({
        path: [...path, 'baseUrl'],
        value: withoutCredentials(account['baseUrl']),
        rule,
      })),
      ...timingRules(account['timing']).map(({ setting, rule, value }) => ({
        path: [...path, 'timing', setting],
        value,
        rule,
      })),
      ...policyRules(account).map((rule) => ({
        path: [...path, 'maxResubmits'],
        value: account['maxResubmits'],
        rule,
      })),
    ];
  });
}

/** The account as the rest of Pollux knows it. Its secrets are read when they are used, not now. */
export function toAccount(
  name: string,
  document: AccountDocument,
  surroundings: Surroundings,
): Account {
  const { apiKey, callbackSecret, prices, timing, baseUrl, realm, ...rest } = document;
  const url = baseUrl ?? DEFAULT_BASE_URLS[document.provider] ?? '';
  return {
    ...rest,
    name,
    baseUrl: url.replace(/\/$/, ''),
    realm: realm ?? name,
    apiKey: toSecret(`accounts.${name}.apiKey`, apiKey, surroundings),
    keyId: toSecretId(apiKey, surroundings),
    ...(callbackSecret === undefined
      ? {}
      : {
          callbackSecret: toSecret(`accounts.${name}.callbackSecret`, callbackSecret, surroundings),
        }),
    timing: toTiming(timing),
    prices: new Map(
      Object.entries(prices).map(([model, lines]) => [
        model,
        lines.map((line) => toPrice(line, document.currency)),
      ]),
    ),
  };
}

function baseUrlRules(account: Readonly<Record<string, unknown>>): readonly string[] {
  const { provider, baseUrl, allowPrivateHosts } = account;
  if (baseUrl === undefined) {
    return provider === 'rixapi' ? ['is missing: every RixAPI gateway has its own base URL'] : [];
  }
  if (typeof baseUrl !== 'string') return [];
  if (!URL.canParse(baseUrl)) return ['must be a URL such as https://api.example.com'];
  const url = new URL(baseUrl);
  const rules: string[] = [];
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return ['must be an https URL'];
  if (/\/v1\/?$/.test(url.pathname)) rules.push('must not end in /v1: Pollux adds the path itself');
  if (url.search !== '' || url.hash !== '') rules.push('must have no query and no fragment');
  if (url.username !== '' || url.password !== '') {
    rules.push('must hold no user name or password: the key goes into apiKey');
  }
  if (allowPrivateHosts !== true) {
    if (url.protocol === 'http:') {
      rules.push('must be https, or the account needs allowPrivateHosts: true');
    }
    if (isPrivateHost(url.hostname)) {
      rules.push(
        'must not be a loopback or private address, or the account needs allowPrivateHosts: true',
      );
    }
  }
  return rules;
}

/** A message must not repeat what a URL carries before its `@`. */
function withoutCredentials(baseUrl: unknown): unknown {
  return typeof baseUrl === 'string' ? baseUrl.replace(/\/\/[^/]*@/, '//[secret]@') : baseUrl;
}

function timingRules(
  timing: unknown,
): readonly { setting: string; rule: string; value: unknown }[] {
  if (!isRecord(timing)) return [];
  const { minPollSeconds, maxPollSeconds } = { ...DEFAULT_TIMING, ...timing };
  return minPollSeconds > maxPollSeconds
    ? [
        {
          setting: 'minPollSeconds',
          value: minPollSeconds,
          rule: `must be at most maxPollSeconds, which is ${String(maxPollSeconds)}`,
        },
      ]
    : [];
}

/** A policy that may buy twice says how often, and a cap without the policy would be a guard that guards nothing. */
function policyRules({ onUnknown, maxResubmits }: Readonly<Record<string, unknown>>): string[] {
  const cap = typeof maxResubmits === 'number' ? maxResubmits : 0;
  if (onUnknown === 'resubmit' && cap === 0) {
    return [
      'must be at least 1 where onUnknown is resubmit: each one may be charged beside the first',
    ];
  }
  return onUnknown !== 'resubmit' && cap > 0 ? ['needs onUnknown: resubmit'] : [];
}

function toTiming(document: AccountDocument['timing']): Partial<Timing> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}

function toPrice(line: PriceDocument, accountCurrency: string): Price {
  const { resolution, audio } = line.when ?? {};
  return {
    currency: line.currency ?? accountCurrency,
    ...toUnitPrice(line),
    when: {
      ...(resolution === undefined ? {} : { resolution }),
      ...(audio === undefined ? {} : { audio }),
    },
    source: line.source,
  };
}

function toUnitPrice(line: PriceDocument): Pick<Price, 'unit' | 'micros'> {
  if (line.perSecondMicros !== undefined) {
    return { unit: 'second', micros: String(line.perSecondMicros) };
  }
  if (line.perItemMicros !== undefined) return { unit: 'item', micros: String(line.perItemMicros) };
  return { unit: 'token', micros: String(line.perTokenMicros) };
}
