import type { JsonValue } from '../core/json.ts';

/** Reads the text of a cell. What cannot be read stays a text, which the schema then refuses with its rule. */
type ReadCell = (text: string) => JsonValue;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

const readNumber: ReadCell = (text) => (NUMBER.test(text.trim()) ? Number(text) : text);

const readBoolean: ReadCell = (text) => {
  const word = text.trim().toLowerCase();
  return word === 'true' || word === 'false' ? word === 'true' : text;
};

const readJson: ReadCell = (text) => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};

/** A JSON list, or URLs with blanks or `|` between them. */
const readUrls: ReadCell = (text) =>
  text.trim().startsWith('[') ? readJson(text) : text.split(/[\s|]+/).filter((url) => url !== '');

const READERS: Readonly<Record<string, ReadCell>> = {
  durationSeconds: readNumber,
  seed: readNumber,
  count: readNumber,
  audio: readBoolean,
  watermark: readBoolean,
  imageUrls: readUrls,
  extra: readJson,
};

/** The item that a row of cells writes. An empty cell is an absent member; a column without a name is left out. */
export function toItemValue(
  columns: readonly (string | undefined)[],
  cells: readonly string[],
): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(
    columns.flatMap((column, index) => {
      const text = cells[index] ?? '';
      return column === undefined || text === ''
        ? []
        : [[column, (READERS[column] ?? readText)(text)]];
    }),
  );
}

const readText: ReadCell = (text) => text;
