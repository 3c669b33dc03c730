import { ConfigError } from './errors.ts';

/** Where the objects of an S3 store are. Credentials are no part of it. */
export interface S3Location {
  readonly bucket: string;
  /** Before every key, with a slash at its end; empty for none. */
  readonly prefix: string;
  /** Absent: Amazon's own. */
  readonly endpoint: string | undefined;
  /** Absent: what the environment or the AWS configuration file says. */
  readonly region: string | undefined;
  /** The bucket is in the path, not in the host name. */
  readonly pathStyle: boolean;
  /** Checksums beside the signature, on every upload or only where the operation demands one. */
  readonly checksums: 'whenSupported' | 'whenRequired';
}

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
const REGION = /^[A-Za-z0-9-]{1,64}$/;
const EXAMPLE = 's3://bucket/prefix?endpoint=https://host&region=us-east-1';

const OPTIONS: Readonly<Record<string, (value: string) => boolean>> = {
  endpoint: isEndpoint,
  region: (value) => REGION.test(value),
  pathStyle: (value) => value === 'true' || value === 'false',
  checksums: (value) => value === 'whenSupported' || value === 'whenRequired',
};

/** Throws `config.invalid` for what is no `s3://bucket/prefix?…`. The URL stays out of the message: it may hold a key. */
export function parseS3Url(url: string): S3Location {
  const problem = s3UrlProblem(url);
  if (problem !== undefined) {
    throw new ConfigError('config.invalid', `storage.url: ${problem}`, {
      details: { field: 'storage.url' },
    });
  }
  const { hostname, pathname, searchParams } = new URL(url);
  const segments = segmentsOf(pathname);
  return {
    bucket: hostname,
    prefix: segments.map((segment) => `${segment}/`).join(''),
    endpoint: searchParams.get('endpoint') ?? undefined,
    region: searchParams.get('region') ?? undefined,
    pathStyle: searchParams.get('pathStyle') === 'true',
    checksums: searchParams.get('checksums') === 'whenRequired' ? 'whenRequired' : 'whenSupported',
  };
}

/** Why it is no URL of an S3 store; `undefined` for one. */
export function s3UrlProblem(url: string): string | undefined {
  if (!url.startsWith('s3://') || !URL.canParse(url)) return `must be like ${EXAMPLE}`;
  const { username, password, hostname, port, pathname, searchParams, hash } = new URL(url);
  if (username !== '' || password !== '') {
    return 'must hold no credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the AWS configuration files';
  }
  if (!BUCKET.test(hostname) || port !== '') {
    return 'must name a bucket of 3 to 63 letters, digits, dots, underscores and hyphens';
  }
  if (!segmentsOf(pathname).every((segment) => SEGMENT.test(segment)) || hash !== '') {
    return 'must have a prefix of letters, digits, dots, underscores and hyphens between slashes, or none';
  }
  return optionProblem(searchParams);
}

function optionProblem(options: URLSearchParams): string | undefined {
  for (const [name, value] of options) {
    const isValid = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (isValid === undefined) {
      return `has an option that does not exist; there are ${Object.keys(OPTIONS).join(', ')}`;
    }
    if (!isValid(value) || options.getAll(name).length > 1) return `has an unusable ${name}`;
  }
  return undefined;
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  const isPlain = [username, password, search, hash].every((part) => part === '');
  return isPlain && (protocol === 'https:' || protocol === 'http:');
}

function segmentsOf(pathname: string): readonly string[] {
  const path = pathname.replace(/^\//, '').replace(/\/$/, '');
  return path === '' ? [] : path.split('/');
}
