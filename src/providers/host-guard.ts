import ipaddr from 'ipaddr.js';

export interface HostRules {
  /** True lets hosts be loopback or private, and the scheme be http on any port. */
  readonly allowPrivateHosts: boolean;
}

const MAX_URL_LENGTH = 4096;
/** Outside the link-local range: Alibaba Cloud, AWS (IPv6), Azure, Oracle Cloud. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  '100.100.100.200',
  'fd00:ec2::254',
  '168.63.129.16',
  '192.0.0.192',
]);
const NAT64_PREFIX_BYTES = 12;
const LOCAL_NAMES = /(^|\.)(localhost|local|internal)$/;

/** True for an address of the public internet. IPv4 inside IPv6 is judged as the IPv4 address it is. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * Why no connection is made to an address, as a sentence part; `undefined` where it may be. Where a cloud machine gets its
 * own credentials there is never any media: refused whatever the rules.
 */
export function refuseAddress(address: string, rules: HostRules): string | undefined {
  if (isMetadataAddress(address)) return 'is or resolves to a link-local or cloud metadata address';
  if (rules.allowPrivateHosts || isPublicAddress(address)) return undefined;
  return 'is or resolves to a private address';
}

function isMetadataAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const plain = ipaddr.process(address);
  if (plain.range() === 'linkLocal' || METADATA_ADDRESSES.has(plain.toString())) return true;
  const isTranslated = plain.range() === 'rfc6052';
  const inner = plain.toByteArray().slice(NAT64_PREFIX_BYTES);
  return isTranslated && isMetadataAddress(ipaddr.fromByteArray(inner).toString());
}

/** True for a host that names this machine or a private network without asking DNS. Takes a parsed URL's `hostname`. */
export function isPrivateHost(hostname: string): boolean {
  const host = withoutBrackets(hostname).replace(/\.$/, '').toLowerCase();
  if (ipaddr.isValid(host)) return !isPublicAddress(host);
  return LOCAL_NAMES.test(host);
}

/**
 * Why a URL from a provider's answer must not be fetched, as a sentence part; `undefined` where it may. Looks at the
 * URL only: the addresses a name resolves to are the connector's business.
 */
export function refuseFetch(url: URL, rules: HostRules): string | undefined {
  if (url.username !== '' || url.password !== '') return 'it carries a user name or password';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return `its scheme is ${url.protocol}`;
  if (isMetadataAddress(withoutBrackets(url.hostname))) {
    return 'its host is a link-local or cloud metadata address';
  }
  if (rules.allowPrivateHosts) return undefined;
  if (url.protocol !== 'https:') return 'it is not https';
  if (url.port !== '') return `its port is ${url.port}, not 443`;
  return isPrivateHost(url.hostname) ? 'its host is private' : undefined;
}

/** As {@link refuseFetch}, for the target of a redirect: encryption, once there, stays. */
export function refuseRedirect(from: URL, to: URL, rules: HostRules): string | undefined {
  const isDowngrade = from.protocol === 'https:' && to.protocol === 'http:';
  return isDowngrade ? 'it redirects from https to http' : refuseFetch(to, rules);
}

/**
 * The rule that a URL given by the caller breaks, as a sentence part; `undefined` where it breaks none. The provider
 * fetches it, not we; private hosts are refused so that internal names do not leak.
 */
export function refuseInputUrl(text: unknown, rules: HostRules): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_URL_LENGTH || !URL.canParse(text)) {
    return `must be a URL of at most ${MAX_URL_LENGTH} characters`;
  }
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an http or https URL';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  if (!rules.allowPrivateHosts && isPrivateHost(url.hostname)) {
    return 'must not name a private host; give a URL that the provider can reach';
  }
  return undefined;
}

/** A parsed URL's `hostname` as `node:net` writes it: without the brackets of IPv6. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
