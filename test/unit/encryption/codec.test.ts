import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import fc from 'fast-check';
import { createPayloadCodec } from '../../../src/encryption/codec.ts';
import { KeyRing } from '../../../src/encryption/key-ring.ts';
import { createSealer } from '../../../src/encryption/sealer.ts';
import type { WrittenKey } from './keys.ts';
import { ringOf, writeKey } from './keys.ts';

const PROMPT = 'a harbour at dawn';

let folder = '';
let k1: WrittenKey;
let k2: WrittenKey;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-codec-'));
  k1 = writeKey(folder, 'k1');
  k2 = writeKey(folder, 'k2');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function codecOf(...keys: readonly WrittenKey[]): PayloadCodec {
  const ring = ringOf(...keys);
  return createPayloadCodec(() => ring);
}

const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const fromPayload = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);

async function encodeOne(codec: PayloadCodec, value: unknown): Promise<Payload> {
  const [payload] = await codec.encode([toPayload(value)]);
  return payload!;
}

async function decodeOne(codec: PayloadCodec, payload: Payload): Promise<unknown> {
  const [decoded] = await codec.decode([payload]);
  return fromPayload(decoded!);
}

const metadataOf = ({ metadata }: Payload): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()]),
  );

describe('the payload codec', () => {
  it('returns every value as it was, whatever it is', async () => {
    const codec = codecOf(k1);
    const values = [
      PROMPT,
      { prompt: PROMPT },
      null,
      undefined,
      [],
      0,
      '',
      new Uint8Array([0, 255]),
    ];

    const encoded = await codec.encode(values.map(toPayload));
    const decoded = await codec.decode(encoded);

    expect(decoded.map(fromPayload)).toEqual(values);
    expect(await codec.decode(await codec.encode([]))).toEqual([]);
  });

  it('returns every JSON value as it was', async () => {
    const codec = codecOf(k1);

    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(JSON.stringify(await decodeOne(codec, await encodeOne(codec, value)))).toBe(
          JSON.stringify(value),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('shows nothing but its encoding and the id of the key', async () => {
    const payload = await encodeOne(codecOf(k1), { prompt: PROMPT });

    expect(metadataOf(payload)).toEqual({
      encoding: 'binary/encrypted',
      'encryption-key-id': 'k1',
    });
    expect(Buffer.from(payload.data!).toString('latin1')).not.toContain('harbour');
  });

  it('encrypts the same value differently every time', async () => {
    const codec = codecOf(k1);

    const [first, second] = [await encodeOne(codec, PROMPT), await encodeOne(codec, PROMPT)];

    expect(Buffer.from(first.data!)).not.toEqual(Buffer.from(second.data!));
  });

  it('encrypts with the first key and decrypts with every one', async () => {
    const before = await encodeOne(codecOf(k1), PROMPT);
    const rotated = codecOf(k2, k1);

    const after = await encodeOne(rotated, PROMPT);

    expect(metadataOf(after)['encryption-key-id']).toBe('k2');
    expect(await decodeOne(rotated, before)).toBe(PROMPT);
    expect(await decodeOne(codecOf(k1, k2), after)).toBe(PROMPT);
  });

  it('takes payloads that were never encrypted as they are', async () => {
    const plain = toPayload({ prompt: PROMPT });

    expect(await codecOf(k1).decode([plain])).toEqual([plain]);
  });

  it('without keys encrypts nothing, and names the key that it lacks', async () => {
    const codec = createPayloadCodec(() => new KeyRing(new Map()));
    const plain = toPayload(PROMPT);
    const encrypted = await encodeOne(codecOf(k1), PROMPT);

    expect(await codec.encode([plain])).toEqual([plain]);
    await expect(codec.decode([encrypted])).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/key k1.*encryption\.keys is empty/) as unknown,
    });
  });

  it('names the key that is not in the ring and those that are', async () => {
    const encrypted = await encodeOne(codecOf(k1), PROMPT);

    await expect(codecOf(k2).decode([encrypted])).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/key k1, .* the keys k2 in encryption\.keys/) as unknown,
    });
  });
});

describe('an encrypted payload', () => {
  let payload: Payload;

  beforeEach(async () => {
    payload = await encodeOne(codecOf(k1), PROMPT);
  });

  const CHANGED = {
    code: 'config.invalid',
    message: expect.stringContaining('was changed') as unknown,
  };

  it('is refused where any one bit of it was changed', async () => {
    const codec = codecOf(k1);
    const data = payload.data!;

    for (let index = 0; index < data.length; index += 1) {
      const changed = Uint8Array.from(data);
      changed[index]! ^= 1;
      await expect(codec.decode([{ ...payload, data: changed }])).rejects.toMatchObject(CHANGED);
    }
  });

  it('is refused wherever it was cut', async () => {
    const codec = codecOf(k1);

    for (let length = 0; length < payload.data!.length; length += 1) {
      const data = payload.data!.subarray(0, length);
      await expect(codec.decode([{ ...payload, data }])).rejects.toMatchObject(CHANGED);
    }
    await expect(codec.decode([{ metadata: payload.metadata! }])).rejects.toMatchObject(CHANGED);
  });

  it('is refused under another key that took its id', async () => {
    const impostor = { ...k2, id: 'k1' };

    await expect(codecOf(impostor).decode([payload])).rejects.toMatchObject(CHANGED);
  });

  it('is refused with the metadata of another one', async () => {
    const other = await encodeOne(codecOf(k2), PROMPT);
    const replayed = { ...payload, metadata: other.metadata! };
    const sameKeyTwice = codecOf(k1, { ...k1, id: 'k2' });

    await expect(codecOf(k1, k2).decode([replayed])).rejects.toMatchObject(CHANGED);
    await expect(sameKeyTwice.decode([replayed])).rejects.toMatchObject(CHANGED);
  });

  it('is refused with metadata that was added, taken away or made unreadable', async () => {
    const codec = codecOf(k1);
    const { encoding, ...rest } = payload.metadata!;
    const changes: readonly Payload['metadata'][] = [
      { ...payload.metadata!, messageType: Buffer.from('x') },
      { encoding: encoding! },
      { encoding: encoding!, 'encryption-key-id': Buffer.from('k1\ninjected line') },
      { encoding: encoding!, 'Encryption-Key-Id': rest['encryption-key-id']! },
    ];

    for (const metadata of changes) {
      const refused = codec.decode([{ ...payload, metadata: metadata! }]);
      await expect(refused).rejects.toMatchObject(CHANGED);
      await expect(refused).rejects.not.toThrow('injected');
    }
  });

  it('is no text of the ledger, and a text of the ledger is no payload', async () => {
    const ring = ringOf(k1);
    const sealer = createSealer(() => ring);
    const asText = `sealed:v1:k1:${Buffer.from(payload.data!).toString('base64')}`;
    const box = sealer.seal(PROMPT).split(':').at(-1)!;

    expect(() => sealer.open(asText)).toThrow('was changed');
    await expect(
      codecOf(k1).decode([{ ...payload, data: Buffer.from(box, 'base64') }]),
    ).rejects.toMatchObject(CHANGED);
  });
});
