import { z } from 'zod';
import type { JsonObject } from '../core/json.ts';

/** A zod schema as JSON Schema (draft 2020-12): what is accepted, before parsing. */
export function toJsonSchema(schema: z.ZodType, title: string): JsonObject {
  const { $schema, ...body } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    // `readonly` is a promise of our types, not a rule for whoever writes the document.
    override: ({ jsonSchema }) => delete jsonSchema.readOnly,
  });
  const plain: JsonObject = z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(body)));
  return { $schema: $schema ?? 'https://json-schema.org/draft/2020-12/schema', title, ...plain };
}
