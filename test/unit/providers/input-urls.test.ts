import type { ProviderName } from '../../../src/core/account.ts';
import type { MediaRequest } from '../../../src/core/job.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';

const PRIVATE = 'must not name a private host; give a URL that the provider can reach';
const SCHEME = 'must be an http or https URL';
const USER = 'must not carry a user name or password';
const LENGTH = 'must be a URL of at most 4096 characters';

const REFUSED = [
  ['http://127.0.0.1/a.png', PRIVATE],
  ['http://0x7f000001/a.png', PRIVATE],
  ['http://2130706433/a.png', PRIVATE],
  ['http://127.1/a.png', PRIVATE],
  ['http://[::ffff:127.0.0.1]/a.png', PRIVATE],
  ['https://localhost./a.png', PRIVATE],
  ['https://vault.internal/a.png', PRIVATE],
  ['http://169.254.169.254/latest', PRIVATE],
  ['http://[fc00::1]/a.png', PRIVATE],
  ['https://u:p@example.com/a.png', USER],
  [`https://example.com/${'a'.repeat(4_096)}`, LENGTH],
] as const;

const NOT_WEB = [
  ['file:///etc/passwd', SCHEME],
  ['ftp://example.com/a.png', SCHEME],
  ['data:image/png;base64,AAAA', SCHEME],
  ['a.png', LENGTH],
] as const;

function issuesOf(
  name: ProviderName,
  request: MediaRequest,
  allowPrivateHosts = false,
): readonly object[] {
  const provider = PROVIDERS[name]({
    baseUrl: 'https://api.example.com',
    currency: 'USD',
    prices: new Map(),
    allowPrivateHosts,
  });
  return provider.validate(request);
}

describe('a URL that a provider is to fetch', () => {
  it.each([...REFUSED, ...NOT_WEB])('is refused in imageUrls and in videoUrl: %s', (url, rule) => {
    const images = { model: 'wan2.6-i2v', prompt: 'x', imageUrls: [url] };
    const video = { model: 'happyhorse-1.0-video-edit', prompt: 'x', videoUrl: url };

    expect(issuesOf('nexusflow', images)).toEqual([
      expect.objectContaining({ field: 'imageUrls[0]', rule: `${rule} (img_url)` }),
    ]);
    expect(issuesOf('nexusflow', video)).toEqual([
      expect.objectContaining({ field: 'videoUrl', rule: `${rule} (video_url)` }),
    ]);
  });

  it.each(REFUSED)('is refused anywhere in extra: %s', (url, rule) => {
    const extra = { shots: [{ image: 'https://example.com/a.png' }, { image: url }] };

    for (const [name, model] of [
      ['rixapi', 'kling-v2'],
      ['dieyuyun', 'gpt-image-2'],
    ] as const) {
      expect(issuesOf(name, { model, prompt: 'x', extra })).toEqual([
        { field: 'extra.shots[1].image', value: 'a URL', rule },
      ]);
    }
  });

  it.each([
    'http://127.0.0.1 is where I live',
    'data:image/png;base64,AAAA',
    'see http://127.0.0.1/a.png',
  ])('is not seen in a text of extra that is more or other: %s', (text) => {
    const request = { model: 'kling-v2', prompt: 'x', extra: { caption: text } };

    expect(issuesOf('rixapi', request)).toEqual([]);
  });

  it('may be private where private hosts are allowed', () => {
    const request = {
      model: 'kling-v2',
      prompt: 'x',
      extra: { image: 'http://127.0.0.1:8080/a.png' },
    };

    expect(issuesOf('rixapi', request, true)).toEqual([]);
  });
});
