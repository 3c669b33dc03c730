import { toCallbackSecrets } from '../core/callback-secrets.ts';
import { Secret } from '../core/secret.ts';
import type { SchemaProblem } from '../schema/problems.ts';
import { isRecord } from '../schema/problems.ts';
import type { CallbacksDocument } from './document.ts';
import { isPrivateHost } from './private-host.ts';
import type { Surroundings } from './secrets.ts';
import { toSecret } from './secrets.ts';

/** How providers announce changes of tasks. Without it nobody is asked to. */
export interface CallbacksConfig {
  /** Where providers reach the receiver; no slash at the end. */
  readonly publicUrl: string;
  /** Where it listens. */
  readonly listen: ListenAddress;
  /** Signs the URLs; several, one per line: the first signs, all verify. Each has at least 32 characters. */
  readonly secret: Secret;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const SETTING = 'callbacks.secret';
const LISTEN = /^(?:\[(?<v6>[0-9a-f:]+)\]|(?<name>[^\s:/[\]]+)):(?<port>\d{1,5})$/i;

/** Rules of the section's own settings. Looks at the document as written, so that they show beside all others. */
export function callbackProblems(document: unknown): readonly SchemaProblem[] {
  const section = isRecord(document) ? document['callbacks'] : undefined;
  if (!isRecord(section)) return [];
  const { publicUrl, listen } = section;
  const isAddress = typeof listen !== 'string' || toListenAddress(listen) !== undefined;
  return [
    ...publicUrlRules(publicUrl).map((rule) => ({
      path: ['callbacks', 'publicUrl'],
      value: withoutCredentials(publicUrl),
      rule,
    })),
    ...(isAddress
      ? []
      : [
          {
            path: ['callbacks', 'listen'],
            value: listen,
            rule: 'must be host:port, such as 127.0.0.1:8088',
          },
        ]),
  ];
}

/** Expects a section that {@link callbackProblems} has passed. The secret is read when it is used. */
export function toCallbacks(
  { publicUrl, listen, secret }: CallbacksDocument,
  surroundings: Surroundings,
): CallbacksConfig {
  const text = toSecret(SETTING, secret, surroundings);
  return {
    publicUrl: new URL(publicUrl).href.replace(/\/+$/, ''),
    listen: toListenAddress(listen) ?? { host: '127.0.0.1', port: 0 },
    secret: new Secret(() => toCallbackSecrets(text.reveal(), SETTING).join('\n')),
  };
}

function publicUrlRules(publicUrl: unknown): readonly string[] {
  if (typeof publicUrl !== 'string' || publicUrl === '') return [];
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return ['must be a URL such as https://hooks.example.org'];
  }
  const rules: string[] = [];
  if (url.search !== '' || url.hash !== '') rules.push('must have no query and no fragment');
  if (url.username !== '' || url.password !== '') {
    rules.push('must hold no user name or password: each URL carries a token of its own');
  }
  if (url.protocol === 'http:' && !isNear(url.hostname)) {
    rules.push(
      'must be https: whoever reads a callback on its way can repeat it; http is for hosts of this machine and its network',
    );
  }
  return rules;
}

/** Private addresses, and names without a dot, which only a local network knows. */
function isNear(hostname: string): boolean {
  return isPrivateHost(hostname) || !/[.:]/.test(hostname);
}

/** A message must not repeat what a URL carries before its `@`. */
function withoutCredentials(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/\/\/[^/]*@/, '//[secret]@') : url;
}

function toListenAddress(text: string): ListenAddress | undefined {
  const { v6, name, port } = LISTEN.exec(text)?.groups ?? {};
  const host = v6 ?? name;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}
