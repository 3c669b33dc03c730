import { checkCallbacks } from '../../../src/cli/webhooks-check.ts';
import { parseConfig } from '../../../src/config.ts';
import type { Config } from '../../../src/config.ts';
import type { StandingReceiver } from '../webhooks/standing-receiver.ts';
import { standUp } from '../webhooks/standing-receiver.ts';

let standing: StandingReceiver;

beforeAll(async () => {
  standing = await standUp();
});

afterAll(() => standing.receiver.close());

function parse(section: object): Config {
  const accounts = { a: { provider: 'nexusflow', apiKey: { env: 'KEY' } } };
  const text = JSON.stringify({ accounts, ...section });
  return parseConfig(text, { file: '/etc/pollux.yaml', directory: '/etc', environment: {} });
}

const at = (publicUrl: string): Config => parse({ callbacks: { publicUrl, secret: { env: 'S' } } });

describe('the check of callbacks', () => {
  it('is content where nobody is told to send any', async () => {
    expect(await checkCallbacks(parse({}))).toMatchObject({ outcome: 'ok' });
  });

  it('finds the receiver at its public URL', async () => {
    const { url } = standing.receiver;

    expect(await checkCallbacks(at(url))).toEqual({
      name: 'callbacks',
      outcome: 'ok',
      message: `${url} answers`,
    });
  });

  it('says what to do where something else answers, or nobody', async () => {
    const { url } = standing.receiver;
    const [other, nobody] = [
      await checkCallbacks(at(`${url}/x`)),
      await checkCallbacks(at('http://127.0.0.1:1')),
    ];

    expect(other).toMatchObject({ outcome: 'notice' });
    expect(other.message).toContain('answers 404; tasks are polled');
    expect(nobody.message).toContain('does not answer');
    expect(nobody.advice).toContain('lead to 127.0.0.1:8088');
  });
});
