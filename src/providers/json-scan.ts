/** A string, number or word of a JSON text, and where it stands. */
export interface JsonToken {
  /** Of its first character, the opening quote of a string. */
  readonly start: number;
  /** Behind its last character, the closing quote of a string. */
  readonly end: number;
  /** A string as it reads; anything else as it is written. */
  readonly text: string;
  readonly kind: 'name' | 'string' | 'other';
  /** How many objects and lists are around it. */
  readonly depth: number;
  /** The member that it names or is; `undefined` outside of objects. */
  readonly member: string | undefined;
}

/** As much of a text as is JSON. */
export interface JsonScan {
  /** In the text's order. One that breaks off in its middle is none. */
  readonly tokens: readonly JsonToken[];
  /** Where the text breaks off or stops being JSON; its length where it does neither. */
  readonly end: number;
}

type Expected =
  'value' | 'value-or-end' | 'name' | 'name-or-end' | 'colon' | 'comma-or-end' | 'nothing';

interface Container {
  readonly isObject: boolean;
  /** The member that is being read. */
  member: string | undefined;
}

const LEXEME =
  /[ \t\r\n]*(?<lexeme>[{}[\],:]|"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null)/y;
const BYTE_ORDER_MARK = '\ufeff';

/** Reads a text as JSON from its start for as long as it is that. No text is an exception, however deep or long. */
export function scanJson(text: string): JsonScan {
  const tokens: JsonToken[] = [];
  const open: Container[] = [];
  let expected: Expected = 'value';
  let end = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;

  for (;;) {
    LEXEME.lastIndex = end;
    const lexeme = LEXEME.exec(text)?.groups?.['lexeme'];
    if (lexeme === undefined) break;
    const next: Step | undefined = isMark(lexeme)
      ? takeMark(lexeme, expected, open)
      : takeToken(lexeme, expected, open);
    if (next === undefined) break;
    expected = next.expected;
    end = LEXEME.lastIndex;
    if (next.token !== undefined) {
      tokens.push({ ...next.token, start: end - lexeme.length, end, depth: open.length });
    }
  }
  return { tokens, end: /\S/.test(text.slice(end)) ? end : text.length };
}

interface Step {
  readonly expected: Expected;
  readonly token?: Pick<JsonToken, 'text' | 'kind' | 'member'>;
}

function isMark(lexeme: string): boolean {
  return '{}[],:'.includes(lexeme);
}

/** `undefined` where the mark cannot stand here. */
function takeMark(mark: string, expected: Expected, open: Container[]): Step | undefined {
  const inside = open.at(-1);
  switch (mark) {
    case '{':
    case '[': {
      if (!isValueExpected(expected)) return undefined;
      const isObject = mark === '{';
      open.push({ isObject, member: undefined });
      return { expected: isObject ? 'name-or-end' : 'value-or-end' };
    }
    case '}':
    case ']': {
      const isRight = inside?.isObject === (mark === '}');
      if (!isRight || !expected.endsWith('-or-end')) return undefined;
      open.pop();
      return { expected: afterValue(open) };
    }
    case ',':
      if (expected !== 'comma-or-end') return undefined;
      return { expected: inside?.isObject === true ? 'name' : 'value' };
    default:
      return expected === 'colon' ? { expected: 'value' } : undefined;
  }
}

function takeToken(
  lexeme: string,
  expected: Expected,
  open: readonly Container[],
): Step | undefined {
  const text = readToken(lexeme);
  const inside = open.at(-1);
  if (text === undefined) return undefined;
  const isString = lexeme.startsWith('"');
  if (isString && inside !== undefined && (expected === 'name' || expected === 'name-or-end')) {
    inside.member = text;
    return { expected: 'colon', token: { text, kind: 'name', member: text } };
  }
  if (!isValueExpected(expected)) return undefined;
  const kind = isString ? 'string' : 'other';
  return { expected: afterValue(open), token: { text, kind, member: inside?.member } };
}

/** `undefined` for what only looks like a token. */
function readToken(lexeme: string): string | undefined {
  try {
    const value: unknown = JSON.parse(lexeme);
    return typeof value === 'string' ? value : lexeme;
  } catch {
    return undefined;
  }
}

function isValueExpected(expected: Expected): boolean {
  return expected === 'value' || expected === 'value-or-end';
}

function afterValue(open: readonly Container[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma-or-end';
}
