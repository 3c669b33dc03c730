import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfig, missingSecrets, parseConfig, withTemporalAddress } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { MediaJobError } from '../../src/core/errors.ts';

const KEY = 'apiKey: { env: KEY }';

function parse(text: string, environment: Record<string, string> = {}): Config {
  return parseConfig(text, { file: '/etc/pollux.yaml', directory: '/etc', environment });
}

function refusal(load: () => unknown): MediaJobError {
  try {
    load();
  } catch (error) {
    if (error instanceof MediaJobError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const messageOf = (text: string): string => refusal(() => parse(text)).message;

describe('a configuration', () => {
  it('needs nothing but an account; everything else has the documented default', () => {
    const config = parse(`accounts: { nexusflow: { provider: nexusflow, ${KEY} } }`);

    expect(config).toMatchObject({
      file: '/etc/pollux.yaml',
      temporal: { address: '127.0.0.1:7233', namespace: 'default', tls: false },
      ledger: { url: 'sqlite:/etc/.pollux/ledger.db', path: '/etc/.pollux/ledger.db' },
      storage: { url: 'file:/etc/.pollux/artifacts', path: '/etc/.pollux/artifacts' },
      spool: { directory: '/etc/.pollux/spool' },
    });
    expect(config.accounts.get('nexusflow')).toMatchObject({
      name: 'nexusflow',
      provider: 'nexusflow',
      baseUrl: 'https://nexusflow.vip',
      keyId: 'env:KEY',
      realm: 'nexusflow',
      exclusive: false,
      currency: 'USD',
      limits: { submitsPerMinute: 60, pollsPerMinute: 60, concurrentTasks: 5 },
      allowPrivateHosts: false,
      timing: {},
      onUnknown: 'hold',
      maxResubmits: 0,
    });
  });

  it('reads prices in every unit, as one line or a list, in the currency of the account unless it says another', () => {
    const config = parse(`
accounts:
  gateway:
    provider: rixapi
    baseUrl: https://api.example.com/
    ${KEY}
    currency: CNY
    prices:
      kling-v2: { perSecondMicros: "70000", source: contract }
      flux:
        - { perItemMicros: 40000, currency: USD, source: list, when: { resolution: 1080P, audio: true } }
        - { perTokenMicros: "3", source: list }
`);

    const account = config.accounts.get('gateway');
    expect(account?.baseUrl).toBe('https://api.example.com');
    expect(account?.prices.get('kling-v2')).toEqual([
      { currency: 'CNY', unit: 'second', micros: '70000', when: {}, source: 'contract' },
    ]);
    expect(account?.prices.get('flux')).toEqual([
      {
        currency: 'USD',
        unit: 'item',
        micros: '40000',
        when: { resolution: '1080P', audio: true },
        source: 'list',
      },
      { currency: 'CNY', unit: 'token', micros: '3', when: {}, source: 'list' },
    ]);
  });

  it('is frozen, and so is all it holds', () => {
    const config = parse(`accounts: { a: { provider: nexusflow, ${KEY} } }`);

    expect(Object.isFrozen(config.temporal)).toBe(true);
    expect(Object.isFrozen(config.accounts.get('a')?.limits)).toBe(true);
  });

  it('names every problem at once, each with line, path, value and rule', () => {
    const error = refusal(() =>
      parse(`temporall: { address: x }
accounts:
  a:
    provider: nexusflw
    baseUrl: http://127.0.0.1/v1
    ${KEY}
    limits: { submitsPerMinutes: 3, concurrentTasks: 2.5 }
  "b.c": { provider: nexusflow, ${KEY} }
budgets: [ { name: x } ]
`),
    );

    expect(error.code).toBe('config.invalid');
    expect(error.message.split('\n')).toEqual([
      '/etc/pollux.yaml: 12 problems',
      '  line 1: temporall: is not known here; did you mean temporal?',
      '  line 4: accounts.a.provider ("nexusflw"): must be one of nexusflow, rixapi, dieyuyun',
      expect.stringContaining('baseUrl ("http://127.0.0.1/v1"): must not end in /v1'),
      expect.stringContaining('must be https, or the account needs allowPrivateHosts: true'),
      expect.stringContaining('must not be a loopback or private address'),
      '  line 7: accounts.a.limits.concurrentTasks (2.5): must be a whole number',
      '  line 7: accounts.a.limits.submitsPerMinutes (3): is not known here; did you mean submitsPerMinute?',
      expect.stringContaining('line 8: accounts["b.c"]: an account name must start with'),
      expect.stringContaining('budgets[0].scope'),
      expect.stringContaining('budgets[0].currency'),
      expect.stringContaining('budgets[0].limitMicros'),
      expect.stringContaining('budgets[0].per'),
    ]);
  });

  it.each([
    ['onUnknown: resubmit', 'at least 1 where onUnknown is resubmit'],
    ['maxResubmits: 2', 'needs onUnknown: resubmit'],
  ])('refuses %s alone: a policy that may buy twice says how often', (setting, rule) => {
    const message = messageOf(`accounts: { a: { provider: nexusflow, ${KEY}, ${setting} } }`);

    expect(message).toContain('accounts.a.maxResubmits');
    expect(message).toContain(rule);
  });

  it.each([
    'https://nexusflow.vip/v1',
    'https://nexusflow.vip/v1/',
    'ftp://nexusflow.vip',
    'nexusflow.vip',
    'https://user:key@nexusflow.vip',
    'https://nexusflow.vip?x=1',
    'http://nexusflow.vip',
    'https://localhost',
    'https://10.1.2.3',
    'https://[::1]',
    'https://169.254.169.254',
  ])('refuses the base URL %s', (baseUrl) => {
    const text = `accounts: { a: { provider: nexusflow, baseUrl: "${baseUrl}", ${KEY} } }`;

    expect(messageOf(text)).toContain('accounts.a.baseUrl');
  });

  it('lets a base URL be loopback and http where the account allows private hosts', () => {
    const config = parse(
      `accounts: { a: { provider: nexusflow, baseUrl: "http://127.0.0.1:4010/nexusflow", allowPrivateHosts: true, ${KEY} } }`,
    );

    expect(config.accounts.get('a')?.baseUrl).toBe('http://127.0.0.1:4010/nexusflow');
  });

  it('wants the base URL of a gateway', () => {
    expect(messageOf(`accounts: { g: { provider: rixapi, ${KEY} } }`)).toContain(
      'accounts.g.baseUrl: is missing',
    );
  });

  it('lets TEMPORAL_* variables win over the file', () => {
    const text = `temporal: { address: "a:1", namespace: file }\naccounts: { a: { provider: nexusflow, ${KEY} } }`;

    const { temporal } = parse(text, {
      TEMPORAL_ADDRESS: 'b:2',
      TEMPORAL_API_KEY: 'secret-value',
      TEMPORAL_NAMESPACE: '',
    });

    expect(temporal).toMatchObject({ address: 'b:2', namespace: 'file', tls: true });
    expect(JSON.stringify(temporal)).not.toContain('secret-value');
  });

  it('can be pointed at another Temporal server', () => {
    const config = parse(`accounts: { a: { provider: nexusflow, ${KEY} } }`);

    const moved = withTemporalAddress(config, '127.0.0.1:9', 'other');

    expect(moved.temporal).toMatchObject({ address: '127.0.0.1:9', namespace: 'other' });
    expect(moved.accounts).toBe(config.accounts);
  });
});

describe('a key', () => {
  it('that is written into the file is refused without being repeated', () => {
    const message = messageOf('accounts: { a: { provider: nexusflow, apiKey: sk-very-secret } }');

    expect(message).toContain('must be { env: NAME } or { file: path }');
    expect(message).not.toContain('sk-very-secret');
  });

  it('that is missing is no error until somebody needs it', () => {
    const config = parse(`accounts: { a: { provider: nexusflow, ${KEY} } }`);

    expect(missingSecrets(config)).toEqual([
      'accounts.a.apiKey: environment variable KEY is not set',
    ]);
    expect(refusal(() => config.accounts.get('a')?.apiKey.reveal()).code).toBe('config.invalid');
  });

  it('comes from the environment', () => {
    const config = parse(`accounts: { a: { provider: nexusflow, ${KEY} } }`, { KEY: ' k \n' });

    expect(missingSecrets(config)).toEqual([]);
    expect(config.accounts.get('a')?.apiKey.reveal()).toBe('k');
  });
});

describe('a PostgreSQL ledger', () => {
  const withLedger = (url: string): string =>
    `accounts: { a: { provider: nexusflow, ${KEY} } }\nledger: { url: ${JSON.stringify(url)} }\n`;

  it.each([
    ['postgres://ada:hunter2@db:5432/pollux', 'postgres://ada@db:5432/pollux'],
    ['postgresql://ada@db/pollux?sslmode=verify-full', undefined],
    ['postgres://db/pollux?password=hunter2&ssl=true', 'postgres://db/pollux?ssl=true'],
    ['postgres:///pollux?host=/run/postgresql', undefined],
  ])('at %s is shown without its password and opened with it', (url, shown) => {
    const { ledger } = parse(withLedger(url));

    expect(ledger).toMatchObject({ kind: 'postgres', url: shown ?? url });
    expect(ledger.kind === 'postgres' && ledger.address.reveal()).toBe(url);
    expect(inspect(ledger) + JSON.stringify(ledger)).not.toContain('hunter2');
  });

  it.each(['postgres://ada:hunter2@db', 'postgres:/ada:hunter2@db/d', 'mysql://ada:hunter2@db/d'])(
    'that cannot be one is refused without its password',
    (url) => {
      const message = messageOf(withLedger(url));

      expect(message).toContain('ledger.url (not shown): must be sqlite:PATH or postgres://');
      expect(message).not.toContain('hunter2');
    },
  );
});

describe('the artifact store', () => {
  const withStorage = (storage: string): string =>
    `accounts: { a: { provider: nexusflow, ${KEY} } }\nstorage: ${storage}\n`;

  it('may be a bucket, with a folder of this machine for bytes on their way', () => {
    const url = 's3://media/pollux?region=eu-1';

    expect(parse(withStorage(`{ url: "${url}" }`)).storage).toEqual({
      kind: 's3',
      url,
      temporary: '/etc/.pollux/transfers',
    });
    expect(parse(withStorage(`{ url: "${url}", temporary: /var/tmp/p }`)).storage).toMatchObject({
      temporary: '/var/tmp/p',
    });
  });

  it.each([
    ['{ url: "s3://key:hunter2@media" }', 'storage.url (not shown): must hold no credentials'],
    ['{ url: "s3://media?secret=hunter2" }', 'has an option that does not exist'],
    ['{ url: "ftp://hunter2@media" }', 'storage.url (not shown): must be file:PATH or s3://'],
    ['{ temporary: elsewhere }', 'storage.temporary ("elsewhere"): is for s3:// only'],
  ])('%s is refused, and no secret is shown', (storage, rule) => {
    const message = messageOf(withStorage(storage));

    expect(message).toContain(rule);
    expect(message).not.toContain('hunter2');
  });
});

describe('encryption keys', () => {
  const withKeys = (keys: string): string =>
    `accounts: { a: { provider: nexusflow, ${KEY} } }\nencryption: { keys: ${keys} }\n`;

  it('are none where the file names none', () => {
    expect(parse(`accounts: { a: { provider: nexusflow, ${KEY} } }`).encryption.keys).toEqual([]);
  });

  it('keep their order, and their files are absolute', () => {
    const config = parse(
      withKeys('[ { id: 2026-11, file: secrets/new }, { id: k1, file: /run/k1 } ]'),
    );

    expect(config.encryption.keys).toEqual([
      { id: '2026-11', file: '/etc/secrets/new' },
      { id: 'k1', file: '/run/k1' },
    ]);
  });

  it.each([
    ['no key at all', '[]', 'encryption.keys'],
    ['an id twice', '[ { id: k, file: a }, { id: k, file: b } ]', 'must not use an id twice'],
    ['an id that cannot stand in metadata', '[ { id: "a:b", file: k } ]', 'must be at most 64'],
    ['a key without a file', '[ { id: k } ]', 'encryption.keys[0].file: is missing'],
    ['an unknown setting', '[ { id: k, file: a, fil: b } ]', 'did you mean file?'],
  ])('are refused with %s', (_what, keys, expected) => {
    expect(messageOf(withKeys(keys))).toContain(expected);
  });

  it.each(['00ff'.repeat(16), Buffer.alloc(32, 7).toString('base64')])(
    'that are written into the file are refused without being repeated',
    (key) => {
      const message = messageOf(withKeys(`[ { id: k, file: "${key}" } ]`));

      expect(message).toContain('must be the path of a file');
      expect(message).not.toContain(key.slice(0, 20));
    },
  );
});

describe('loading a configuration', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pollux-config-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('takes --config over POLLUX_CONFIG over ./pollux.yaml', () => {
    const accounts = (name: string): string =>
      `accounts: { ${name}: { provider: nexusflow, ${KEY} } }`;
    write('pollux.yaml', accounts('default'));
    write('environment.yaml', accounts('environment'));
    write('option.yaml', accounts('option'));
    const environment = { POLLUX_CONFIG: 'environment.yaml' };
    const names = (options: Parameters<typeof loadConfig>[0]): string[] => [
      ...loadConfig({ cwd: folder, ...options }).accounts.keys(),
    ];

    expect(names({ environment: {} })).toEqual(['default']);
    expect(names({ environment })).toEqual(['environment']);
    expect(names({ environment, file: 'option.yaml' })).toEqual(['option']);
  });

  it('reads a key file relative to the configuration, at every use', () => {
    mkdirSync(join(folder, 'secrets'));
    write('secrets/key', 'first\n');
    write('pollux.yaml', 'accounts: { a: { provider: nexusflow, apiKey: { file: secrets/key } } }');
    const account = loadConfig({ cwd: folder, environment: {} }).accounts.get('a');

    expect(account?.apiKey.reveal()).toBe('first');
    write('secrets/key', 'second\n');
    expect(account?.apiKey.reveal()).toBe('second');
  });

  it('shows the least that must be written where there is no file', () => {
    const { message } = refusal(() => loadConfig({ cwd: folder, environment: {} }));

    expect(message).toContain('there is no configuration');
    expect(message).toContain('apiKey: { env: NEXUSFLOW_API_KEY }');
  });

  it.each([
    ['a file that is not there', 'missing.yaml', undefined, 'it does not exist'],
    ['broken YAML', 'broken.yaml', 'a: [1,\nb: }', 'broken.yaml:2:1: not valid YAML'],
    ['a key written twice', 'twice.yaml', 'x: 1\nx: 2\n', 'Map keys must be unique'],
    ['a list', 'list.yaml', '- 1\n', 'must be a mapping of names to settings'],
    ['an empty file', 'empty.yaml', '', 'accounts: is missing'],
    ['no account', 'none.yaml', 'accounts: {}', 'must name at least one account'],
  ])('says what is wrong with %s', (_what, file, text, expected) => {
    if (text !== undefined) write(file, text);

    const error = refusal(() => loadConfig({ cwd: folder, file, environment: {} }));

    expect(error.code).toBe('config.invalid');
    expect(error.message).toContain(expected);
  });
});
