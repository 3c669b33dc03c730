import { loadConfig } from '../../../src/config.ts';
import { prepareRequest } from '../../../src/core/accounts.ts';
import type { AccountDirectory } from '../../../src/core/accounts.ts';
import type { BatchItem } from '../../../src/core/batch.ts';
import type { Quote } from '../../../src/core/money.ts';
import { createInstallation } from '../../../src/installation.ts';
import type { ManifestFormat, ManifestLine } from '../../../src/manifest/index.ts';
import { formatProblem, readManifest } from '../../../src/manifest/index.ts';

export const MODEL = 'studio/wan2.6-t2v';

/** Two accounts at the real adapters; one of a model without a price. */
export const CONFIG = `
accounts:
  studio: { provider: nexusflow, apiKey: { env: KEY } }
  gateway: { provider: rixapi, baseUrl: "https://gateway.example", apiKey: { env: KEY } }
`;

export function openAccounts(configFile: string): AccountDirectory {
  return createInstallation(loadConfig({ file: configFile, environment: { KEY: 'x' } })).accounts;
}

export function checkWith(accounts: AccountDirectory): (item: BatchItem) => Quote | null {
  return ({ request }) => prepareRequest(accounts, request).quote;
}

/** Bytes in small pieces, so that lines and characters fall apart. */
export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export async function readAll(
  text: string | Uint8Array,
  format: ManifestFormat,
  check: (item: BatchItem) => Quote | null,
  pieceBytes = 7,
): Promise<readonly ManifestLine[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const lines: ManifestLine[] = [];
  for await (const line of readManifest(inPieces(bytes, pieceBytes), format, { check })) {
    lines.push(line);
  }
  return lines;
}

export function messagesOf(lines: readonly ManifestLine[]): readonly string[] {
  return lines.flatMap((line) =>
    line.kind === 'problems' ? line.problems.map(formatProblem) : [],
  );
}

export function itemsOf(lines: readonly ManifestLine[]): readonly BatchItem[] {
  return lines.flatMap((line) => (line.kind === 'item' ? [line.item] : []));
}
