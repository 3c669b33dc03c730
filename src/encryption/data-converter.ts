import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { createPayloadCodec } from './codec.ts';
import type { EncryptionSettings } from './key-ring.ts';
import { lazyKeyRing } from './key-ring.ts';

/** Compiled or not, it lies beside this file. */
const FAILURE_CONVERTER_PATH = fileURLToPath(
  new URL(`./failure-converter${extname(import.meta.url)}`, import.meta.url),
);

/**
 * How a configuration's clients and workers write to Temporal. The key files are read at the first payload: `config.invalid`
 * then, where one cannot be used.
 */
export function createDataConverter(
  settings: EncryptionSettings,
  codec: PayloadCodec = createPayloadCodec(lazyKeyRing(settings)),
): DataConverter {
  const isEncrypting = settings.encryption.keys.length > 0;
  return {
    payloadCodecs: [codec],
    ...(isEncrypting ? { failureConverterPath: FAILURE_CONVERTER_PATH } : {}),
  };
}
