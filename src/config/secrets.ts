import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { SecretReference } from './document.ts';

/** What a setting may refer to. */
export interface Surroundings {
  /** Relative paths are relative to it. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The secret that a setting names. It is read when it is used, not now: `config.invalid` where it is not there. */
export function toSecret(
  setting: string,
  reference: SecretReference,
  { directory, environment }: Surroundings,
): Secret {
  if (reference.env !== undefined) {
    const name = reference.env;
    return new Secret(() => {
      const value = environment[name]?.trim();
      if (value !== undefined && value !== '') return value;
      throw missingSecret(setting, `environment variable ${name} is not set`);
    });
  }
  const path = resolve(directory, reference.file ?? '');
  return new Secret(() => {
    const value = readSecretFile(setting, path).trim();
    if (value !== '') return value;
    throw missingSecret(setting, `file ${path} is empty`);
  });
}

/** Names a secret without telling it: `env:NAME` or `file:PATH`. */
export function toSecretId(reference: SecretReference, { directory }: Surroundings): string {
  return reference.env === undefined
    ? `file:${resolve(directory, reference.file ?? '')}`
    : `env:${reference.env}`;
}

function readSecretFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw missingSecret(setting, `file ${path} cannot be read`, error);
  }
}

function missingSecret(setting: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError('config.invalid', `${setting}: ${reason}`, { cause });
}
