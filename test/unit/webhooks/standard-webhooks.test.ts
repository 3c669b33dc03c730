import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { Secret } from '../../../src/core/secret.ts';
import type { WebhookHeaders } from '../../../src/webhooks/standard-webhooks.ts';
import { createWebhookVerifier } from '../../../src/webhooks/standard-webhooks.ts';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const BODY = '{"id":"task_1","status":"completed"}';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function sign(body: string, secret = SECRET, seconds = nowSeconds()): Record<string, string> {
  return {
    'webhook-id': ID,
    'webhook-timestamp': String(seconds),
    'webhook-signature': new Webhook(secret).sign(ID, new Date(seconds * 1000), body),
  };
}

function verifies(headers: WebhookHeaders, body = BODY, secret = SECRET, tolerance = 300): boolean {
  const verify = createWebhookVerifier({
    secret: new Secret(() => secret),
    clock: Date.now,
    toleranceSeconds: tolerance,
  });
  return verify(headers, Buffer.from(body));
}

/** What the reference implementation says. It parses the body, so only JSON is asked about. */
function oracle(headers: Record<string, string>, body: string): boolean {
  try {
    new Webhook(SECRET).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

describe('a signature of Standard Webhooks', () => {
  it('is judged as the reference implementation judges it, altered or not', () => {
    const part = fc.constantFrom(
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'body',
      'nothing',
    );
    const change = fc.record({
      at: fc.nat(200),
      to: fc.constantFrom(...Array.from('aZ09+/=, .-')),
      how: fc.constantFrom('replace', 'insert', 'remove'),
    });
    const shift = fc.integer({ min: -400, max: 400 });

    fc.assert(
      fc.property(fc.json(), shift, part, change, (json, seconds, where, { at, to, how }) => {
        // A second may pass between both judgements.
        fc.pre(Math.abs(Math.abs(seconds) - 300) > 2);
        const alter = (text: string): string => {
          const index = at % (text.length + 1);
          const rest = text.slice(how === 'insert' ? index : index + 1);
          return text.slice(0, index) + (how === 'remove' ? '' : to) + rest;
        };
        const headers = sign(json, SECRET, nowSeconds() + seconds);
        const changed =
          where in headers ? { ...headers, [where]: alter(headers[where] ?? '') } : headers;
        const body = where === 'body' ? alter(json) : json;
        // The reference reads the number at the start of a timestamp; ours wants nothing else there.
        fc.pre(/^\d+$/.test(changed['webhook-timestamp'] ?? ''));
        fc.pre(isJson(body));

        expect(verifies(changed, body)).toBe(oracle(changed, body));
      }),
      { numRuns: 1_000 },
    );
  });

  it('may be one of several, and by the new or the old secret', () => {
    const [mine, foreign] = [sign(BODY), sign(BODY, OTHER)];
    const signature = `v1a,AAAA ${foreign['webhook-signature'] ?? ''} ${mine['webhook-signature'] ?? ''}`;

    expect(verifies({ ...mine, 'webhook-signature': signature })).toBe(true);
    expect(verifies(foreign, BODY, `${SECRET}\n${OTHER}\n`)).toBe(true);
    expect(verifies(foreign)).toBe(false);
  });

  it('counts for as long as the tolerance says', () => {
    expect(verifies(sign(BODY, SECRET, nowSeconds() - 50), BODY, SECRET, 60)).toBe(true);
    expect(verifies(sign(BODY, SECRET, nowSeconds() - 70), BODY, SECRET, 60)).toBe(false);
    expect(verifies(sign(BODY, SECRET, nowSeconds() + 70), BODY, SECRET, 60)).toBe(false);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'is missing without %s, and where it is there twice',
    (name) => {
      const headers = sign(BODY);
      const value = headers[name] ?? '';

      expect(verifies(headers)).toBe(true);
      expect(verifies({ ...headers, [name]: undefined })).toBe(false);
      expect(verifies({ ...headers, [name]: '' })).toBe(false);
      expect(verifies({ ...headers, [name]: [value, value] })).toBe(false);
    },
  );

  it.each(['', '\n', 'whsec_'])('never counts by the empty secret %j', (secret) => {
    expect(verifies(sign(BODY), BODY, secret)).toBe(false);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
