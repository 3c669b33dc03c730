import { missingSecrets, parseConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';

const ACCOUNT = 'accounts: { a: { provider: nexusflow, apiKey: { env: KEY } } }';
const SECRET = '0123456789abcdef0123456789abcdef';

function parse(text: string, environment: Record<string, string> = {}): Config {
  return parseConfig(text, { file: '/etc/pollux.yaml', directory: '/etc', environment });
}

function withCallbacks(section: string, environment: Record<string, string> = {}): Config {
  return parse(`${ACCOUNT}\ncallbacks: ${section}\n`, { KEY: 'k', ...environment });
}

const at = (publicUrl: string): Config =>
  withCallbacks(JSON.stringify({ publicUrl, secret: { env: 'S' } }));

describe('callbacks', () => {
  it('are none where the section is missing', () => {
    expect(parse(ACCOUNT)).not.toHaveProperty('callbacks');
  });

  it('are received on loopback unless it says another place', () => {
    const usual = at('https://hooks.example.org');
    const other = withCallbacks(
      '{ publicUrl: "https://h.example", listen: "[::]:9000", secret: { file: s } }',
    );

    expect(usual.callbacks?.listen).toEqual({ host: '127.0.0.1', port: 8088 });
    expect(other.callbacks?.listen).toEqual({ host: '::', port: 9000 });
  });

  it.each([
    ['https://hooks.example.org/', 'https://hooks.example.org'],
    ['https://hooks.example.org/pollux/', 'https://hooks.example.org/pollux'],
    ['HTTPS://Hooks.Example.org:443', 'https://hooks.example.org'],
    ['http://127.0.0.1:8088', 'http://127.0.0.1:8088'],
    ['http://[::1]:8088', 'http://[::1]:8088'],
    ['http://10.0.0.7', 'http://10.0.0.7'],
    ['http://webhooks:8088', 'http://webhooks:8088'],
    ['http://localhost', 'http://localhost'],
  ])('may be announced at %s, which is %s', (publicUrl, expected) => {
    expect(at(publicUrl).callbacks?.publicUrl).toBe(expected);
  });

  it.each([
    ['hooks.example.org', 'must be a URL such as'],
    ['ftp://hooks.example.org', 'must be a URL such as'],
    ['https://h.example/?a=1', 'must have no query and no fragment'],
    ['https://h.example/#a', 'must have no query and no fragment'],
    ['https://mona:hunter2@h.example', 'must hold no user name or password'],
    ['http://hooks.example.org', 'must be https'],
    ['http://8.8.8.8', 'must be https'],
    ['http://[2600::1]', 'must be https'],
  ])('may not be announced at %s', (publicUrl, rule) => {
    expect(() => at(publicUrl)).toThrow(/line 2: callbacks\.publicUrl \("/);
    expect(() => at(publicUrl)).toThrow(rule);
    expect(() => at(publicUrl)).not.toThrow('hunter2');
  });

  it.each(['8088', 'localhost', 'a:b', '127.0.0.1:70000', '::1:80', 'http://a:80'])(
    'may not be received at %s',
    (listen) => {
      const section = JSON.stringify({
        publicUrl: 'https://h.example',
        listen,
        secret: { env: 'S' },
      });

      expect(() => withCallbacks(section)).toThrow(
        `callbacks.listen (${JSON.stringify(listen)}): must be host:port`,
      );
    },
  );

  it('name every problem of the section at once', () => {
    expect(() =>
      withCallbacks('{ publicUrl: "http://h.example/?a", listen: x, secret: "abc" }'),
    ).toThrow(
      /4 problems[^]*callbacks\.secret \(not shown\): must be \{ env[^]*publicUrl[^]*publicUrl[^]*listen/,
    );
  });
});

describe('the secret of callbacks', () => {
  const section = '{ publicUrl: "https://h.example", secret: { env: S } }';

  it('is read when it is used, and may be several while one is being replaced', () => {
    const { callbacks } = withCallbacks(section, { S: `${SECRET}\n\n  ${SECRET}2\n` });

    expect(callbacks?.secret.reveal()).toBe(`${SECRET}\n${SECRET}2`);
    expect(JSON.stringify(callbacks)).not.toContain(SECRET);
  });

  it.each([
    [{}, 'callbacks.secret: environment variable S is not set'],
    [{ S: 'hunter2' }, 'callbacks.secret: a secret of 7 characters is too short'],
  ])('is missed where it is %j', (environment, expected) => {
    const [missing, ...others] = missingSecrets(withCallbacks(section, environment));

    expect(missing).toContain(expected);
    expect(missing).not.toContain('hunter2');
    expect(others).toEqual([]);
  });

  it('is not missed where it is there', () => {
    expect(missingSecrets(withCallbacks(section, { S: SECRET }))).toEqual([]);
  });
});

describe('the secret that a provider signs callbacks with', () => {
  const text =
    'accounts: { a: { provider: rixapi, baseUrl: "https://g.example", apiKey: { env: KEY }, callbackSecret: { env: C } } }';

  it('belongs to the account and is read when it is used', () => {
    const config = parse(text, { KEY: 'k', C: 'whsec_c2VjcmV0' });

    expect(config.accounts.get('a')?.callbackSecret?.reveal()).toBe('whsec_c2VjcmV0');
    expect(missingSecrets(config)).toEqual([]);
  });

  it('is missed where it is not there', () => {
    expect(missingSecrets(parse(text, { KEY: 'k' }))).toEqual([
      'accounts.a.callbackSecret: environment variable C is not set',
    ]);
  });
});
