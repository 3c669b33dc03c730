import type { Payload, PayloadCodec } from '@temporalio/common';
import { ConfigError } from '../core/errors.ts';
import type { KeyRing } from './key-ring.ts';
import { KEY_ID } from './key-ring.ts';

const ENCODING = 'binary/encrypted';
const USE = 'pollux-payload:1';
/** All that an encrypted payload carries in clear, and no more: its own metadata is inside. */
const METADATA = ['encoding', 'encryption-key-id'] as const;

/**
 * Encrypts every payload with the ring's first key and decrypts with any of them. What was never encrypted passes through
 * {@link PayloadCodec.decode} as it is, so histories older than the key stay readable. With an empty ring nothing is
 * encrypted, and what was encrypted elsewhere is still recognised.
 *
 * Throws `config.invalid` where the key is not in the ring or a payload was changed. The SDK takes that as trouble of this
 * worker: the server runs the step again, elsewhere or once the key is back, and no job ends because of it.
 */
export function createPayloadCodec(ring: () => KeyRing): PayloadCodec {
  return {
    encode: async (payloads) => {
      const message = await loadMessage();
      return payloads.map((payload) => encrypt(message, payload, ring()));
    },
    decode: async (payloads) => {
      const message = await loadMessage();
      return payloads.map((payload) => decrypt(message, payload, ring));
    },
  };
}

/** Protobuf's reader and writer of payloads. */
type PayloadMessage = Awaited<ReturnType<typeof loadMessage>>;

/** Loaded when there is a payload: it takes longer to load than many commands run. */
async function loadMessage() {
  const { default: proto } = await import('@temporalio/proto');
  return proto.temporal.api.common.v1.Payload;
}

function encrypt(message: PayloadMessage, payload: Payload, ring: KeyRing): Payload {
  const sealed = ring.seal(message.encode(payload).finish(), USE);
  if (sealed === undefined) return payload;
  return {
    metadata: { encoding: toBytes(ENCODING), 'encryption-key-id': toBytes(sealed.keyId) },
    data: sealed.bytes,
  };
}

function decrypt(message: PayloadMessage, payload: Payload, ring: () => KeyRing): Payload {
  const { metadata, data } = payload;
  if (toText(metadata?.['encoding']) !== ENCODING) return payload;
  const keyId = toText(metadata?.['encryption-key-id']) ?? '';
  const hasForeignMetadata = Object.keys(metadata ?? {}).length !== METADATA.length;
  if (hasForeignMetadata || !KEY_ID.test(keyId)) throw damaged('of no readable id');
  const opening = ring().open(keyId, data ?? new Uint8Array(), USE);
  switch (opening.kind) {
    case 'opened':
      return message.decode(opening.bytes);
    case 'unknown_key':
      throw new ConfigError(
        'config.invalid',
        `a payload is encrypted with key ${keyId}, and this process has ${ring().describe()}; add the key and start it again, jobs wait for it`,
        { details: { keyId } },
      );
    case 'damaged':
      throw damaged(keyId);
  }
}

function damaged(keyId: string): ConfigError {
  return new ConfigError(
    'config.invalid',
    `an encrypted payload (key ${keyId}) was changed, cut short, or encrypted with another key of that id; look at which file encryption.keys names for it`,
    { details: { keyId } },
  );
}

function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

function toText(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes === null || bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}
