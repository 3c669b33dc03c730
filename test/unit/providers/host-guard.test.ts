import {
  isPrivateHost,
  isPublicAddress,
  refuseFetch,
  refuseInputUrl,
  refuseRedirect,
} from '../../../src/providers/host-guard.ts';

const STRICT = { allowPrivateHosts: false };
const OPEN = { allowPrivateHosts: true };

const PRIVATE_ADDRESSES = [
  '127.0.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.100.100.200',
  '192.0.0.1',
  '198.18.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fec0::1',
  'ff02::1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  '100::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
];

describe('the host guard', () => {
  it.each(PRIVATE_ADDRESSES)('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '47.88.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://printer.local/',
    'http://metadata.google.internal/',
  ])('%s names a private host in every spelling', (url) => {
    expect(isPrivateHost(new URL(url).hostname)).toBe(true);
  });

  it.each([
    ['http://cdn.example.com/a.png', 'it is not https'],
    ['https://cdn.example.com:8443/a.png', 'its port is 8443, not 443'],
    ['https://u:p@cdn.example.com/a.png', 'it carries a user name or password'],
    ['https://10.0.0.1/a.png', 'its host is private'],
    ['file:///etc/passwd', 'its scheme is file:'],
    ['data:text/html,hi', 'its scheme is data:'],
    ['https://169.254.169.254/', 'its host is a link-local or cloud metadata address'],
  ])('a result at %s is not fetched', (url, rule) => {
    expect(refuseFetch(new URL(url), STRICT)).toBe(rule);
  });

  it('fetches https on port 443, and whatever http there is where private hosts are allowed', () => {
    expect(refuseFetch(new URL('https://cdn.example.com/a.png?sign=1'), STRICT)).toBeUndefined();
    expect(refuseFetch(new URL('http://127.0.0.1:8080/a.png'), OPEN)).toBeUndefined();
    expect(refuseFetch(new URL('file:///etc/passwd'), OPEN)).toBeDefined();
    expect(refuseFetch(new URL('http://u@127.0.0.1/'), OPEN)).toBeDefined();
    expect(refuseFetch(new URL('http://169.254.169.254/'), OPEN)).toBeDefined();
    expect(refuseFetch(new URL('http://[fd00:ec2::254]/'), OPEN)).toBeDefined();
  });

  it.each([
    ['not a url', /must be a URL/],
    [42, /must be a URL/],
    [`https://example.com/${'a'.repeat(5000)}`, /at most 4096 characters/],
    ['ftp://example.com/a.png', /http or https/],
    ['https://u:p@example.com/a.png', /user name/],
    ['http://192.168.0.5/secret.png', /private host/],
    ['http://localhost:3000/a.png', /private host/],
  ])('an input URL like %p is refused', (url, rule) => {
    expect(refuseInputUrl(url, STRICT)).toMatch(rule);
  });

  it('takes a public http URL as input, and a private one where that is allowed', () => {
    expect(refuseInputUrl('http://example.com/a.png', STRICT)).toBeUndefined();
    expect(refuseInputUrl('http://localhost:3000/a.png', OPEN)).toBeUndefined();
  });
});

describe('a redirect', () => {
  const https = new URL('https://cdn.example.com/a');
  const http = new URL('http://cdn.example.com/a');

  it('never leads from https to http, private hosts allowed or not', () => {
    expect(refuseRedirect(https, http, OPEN)).toBe('it redirects from https to http');
    expect(refuseRedirect(https, http, STRICT)).toBe('it redirects from https to http');
  });

  it('is held to the rules of a first URL otherwise', () => {
    expect(refuseRedirect(http, https, STRICT)).toBeUndefined();
    expect(refuseRedirect(https, new URL('https://10.0.0.1/'), STRICT)).toBe('its host is private');
  });
});
