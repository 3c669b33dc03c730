import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './source-stamp.mjs';

/** The committed JSON Schemas as the built code would write them: pairs of file and text. */
export async function generateSchemas() {
  const module = join(root, 'dist', 'src', 'schema', 'request.js');
  if (!existsSync(module)) throw new Error('src/schema/request.ts is missing or not built');
  const { jobInputJsonSchema, jobResultJsonSchema } = await import(pathToFileURL(module).href);
  const item = join(root, 'dist', 'src', 'schema', 'manifest-item.js');
  const { manifestItemJsonSchema } = await import(pathToFileURL(item).href);
  return [
    [join(root, 'schema', 'generate-media.input.json'), toText(jobInputJsonSchema())],
    [join(root, 'schema', 'generate-media.result.json'), toText(jobResultJsonSchema())],
    [join(root, 'schema', 'manifest-item.json'), toText(manifestItemJsonSchema())],
  ];
}

const toText = (schema) => `${JSON.stringify(schema, null, 2)}\n`;
