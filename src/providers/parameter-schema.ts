import type { JsonObject } from '../core/json.ts';
import type { ParameterRule, ParameterRules } from './parameters.ts';
import { SIZE_PATTERN } from './parameters.ts';

/** JSON Schema (draft 2020-12) of the canonical parameters that the rules allow, plus members given as they are. */
export function toParameterSchema(rules: ParameterRules, more: JsonObject = {}): JsonObject {
  const entries = Object.entries(rules);
  const required = entries.filter(([, rule]) => rule.isRequired === true).map(([name]) => name);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      ...Object.fromEntries(entries.map(([name, rule]) => [name, toSchema(rule)])),
      ...more,
    },
    required,
    additionalProperties: false,
  };
}

function toSchema(rule: ParameterRule): JsonObject {
  const description = `sent as ${rule.native}`;
  switch (rule.type) {
    case 'text': {
      const limit = rule.limit === undefined ? description : `${description}; ${rule.limit.rule}`;
      return {
        type: 'string',
        ...(rule.isRequired === true ? { minLength: 1 } : {}),
        description: limit,
      };
    }
    case 'integer':
      return { type: 'integer', minimum: rule.minimum, maximum: rule.maximum, description };
    case 'choice':
      return { type: 'string', enum: rule.values, description };
    case 'flag':
      return { type: 'boolean', description };
    case 'size':
      return { type: 'string', pattern: SIZE_PATTERN, description };
    case 'url':
      return { type: 'string', format: 'uri', description };
    case 'urls':
      return {
        type: 'array',
        items: { type: 'string', format: 'uri' },
        minItems: rule.minimum,
        maxItems: rule.maximum,
        description,
      };
  }
}
