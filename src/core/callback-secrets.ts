import { ConfigError } from './errors.ts';

/** Shorter ones could be guessed from a URL by trying. */
const MIN_LENGTH = 32;
const ADVICE = 'make one with `openssl rand -hex 32`';

/**
 * The secrets in a text, one per line: the first signs, all of them verify, so that one can be replaced while URLs that the
 * other signed are still in use. Throws `config.invalid` where there is none or one is shorter than 32 characters; the
 * message begins with the name of the setting.
 */
export function toCallbackSecrets(text: string, setting: string): readonly [string, ...string[]] {
  const lines = text.split('\n').map((line) => line.trim());
  const [first, ...others] = lines.filter((line) => line !== '');
  if (first === undefined)
    throw new ConfigError('config.invalid', `${setting}: is empty; ${ADVICE}`);
  const short = [first, ...others].find((secret) => secret.length < MIN_LENGTH);
  if (short === undefined) return [first, ...others];
  throw new ConfigError(
    'config.invalid',
    `${setting}: a secret of ${String(short.length)} characters is too short, it must have at least ${String(MIN_LENGTH)}; ${ADVICE}`,
  );
}
