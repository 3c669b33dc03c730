import type { ConnectionLike } from '@temporalio/client';
import { ConfigError, unknownNamespace } from '../core/errors.ts';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';
import type { SearchAttributeKind } from '../core/search-attributes.ts';

/** Numbers of `temporal.api.enums.v1.IndexedValueType`. */
const TYPES: Readonly<Record<SearchAttributeKind, number>> = { Keyword: 2, Double: 4, Datetime: 6 };

/**
 * Registers the search attributes that the namespace lacks and returns their names.
 * Run twice: the second run finds them and registers nothing. Throws `config.invalid` where one exists with another type.
 */
export async function registerSearchAttributes(
  connection: Pick<ConnectionLike, 'operatorService'>,
  namespace: string,
): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(
    missing.map((name) => [name, TYPES[SEARCH_ATTRIBUTES[name]]]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing;
}

/** The search attributes that the namespace lacks. `config.invalid` where one exists with another type. */
export async function missingSearchAttributes(
  connection: Pick<ConnectionLike, 'operatorService'>,
  namespace: string,
): Promise<readonly (keyof typeof SEARCH_ATTRIBUTES)[]> {
  const { customAttributes } = await connection.operatorService
    .listSearchAttributes({ namespace })
    .catch((error: unknown) => {
      if (isNotFound(error)) throw unknownNamespace(namespace, error);
      throw error;
    });
  const names = Object.keys(SEARCH_ATTRIBUTES) as (keyof typeof SEARCH_ATTRIBUTES)[];
  for (const name of names) {
    const registered: number | undefined = customAttributes[name];
    if (registered === undefined || registered === TYPES[SEARCH_ATTRIBUTES[name]]) continue;
    throw new ConfigError(
      'config.invalid',
      `search attribute ${name} of namespace ${namespace} has another type than ${SEARCH_ATTRIBUTES[name]}; use a namespace of its own for Pollux`,
      { details: { name, namespace } },
    );
  }
  return names.filter((name) => customAttributes[name] === undefined);
}

/** gRPC status NOT_FOUND. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 5;
}
