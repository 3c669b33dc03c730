import { LedgerError } from '../core/errors.ts';
import type { Sealer } from '../core/sealer.ts';
import type { KeyRing } from './key-ring.ts';

const USE = 'pollux-text:1';
const PREFIX = 'sealed:';
const ENVELOPE = /^sealed:v1:(?<keyId>[\w.-]{1,64}):(?<box>[A-Za-z0-9+/]+={0,2})$/;

/** Seals texts as `sealed:v1:<key id>:<base64>`. With an empty ring nothing is sealed, and sealed texts are recognised. */
export function createSealer(ring: () => KeyRing): Sealer {
  return {
    get isSealing() {
      return ring().ids.length > 0;
    },
    seal: (text) => {
      const sealed = ring().seal(Buffer.from(text, 'utf8'), USE);
      if (sealed === undefined) return text;
      return `${PREFIX}v1:${sealed.keyId}:${Buffer.from(sealed.bytes).toString('base64')}`;
    },
    open: (text) => (text.startsWith(PREFIX) ? open(text, ring()) : text),
  };
}

function open(text: string, ring: KeyRing): string {
  const { keyId, box } = ENVELOPE.exec(text)?.groups ?? {};
  if (keyId === undefined || box === undefined) {
    throw unreadable(`its envelope (${text.slice(0, 10)}…) is not one that this release knows`);
  }
  const opening = ring.open(keyId, Buffer.from(box, 'base64'), USE);
  switch (opening.kind) {
    case 'opened':
      return Buffer.from(opening.bytes).toString('utf8');
    case 'unknown_key':
      throw unreadable(
        `it is sealed with key ${keyId}, and this process has ${ring.describe()}; add the key and start it again`,
        keyId,
      );
    case 'damaged':
      throw unreadable(
        `it was changed, cut short, or sealed with another key named ${keyId}; look at which file encryption.keys names for it, else restore the ledger`,
        keyId,
      );
  }
}

/** Retried until an operator acts: a key that is missing must not end a job. */
function unreadable(reason: string, keyId?: string): LedgerError {
  return new LedgerError('ledger.unavailable', `a sealed text cannot be read: ${reason}`, {
    details: keyId === undefined ? {} : { keyId },
  });
}
