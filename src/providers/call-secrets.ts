import type { CallContext } from '../core/provider.ts';

/** What must not stand in anything a call returns: the key first, then texts of the request that a provider may echo. */
export function secretsOf(
  context: Pick<CallContext, 'apiKey'>,
  ...privateTexts: readonly (string | undefined)[]
): readonly string[] {
  const texts = privateTexts.filter(
    (text): text is string => text !== undefined && text.length > 8,
  );
  try {
    return [context.apiKey.reveal(), ...texts];
  } catch {
    // The key went away during the call: what cannot be read cannot be recognised either.
    return texts;
  }
}
