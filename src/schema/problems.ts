import { z } from 'zod';
import { nearestName } from './nearest-name.ts';

/** One broken rule of something a person wrote. */
export interface SchemaProblem {
  readonly path: readonly (string | number)[];
  /** What stood there; `undefined` where nothing did. */
  readonly value: unknown;
  /** What is allowed, as a sentence part: `must be one of hold, fail`. */
  readonly rule: string;
}

/** A closed object: an unknown key is a problem that names the nearest known one. */
export function closedObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  rule = 'must be a mapping of names to values',
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return rule;
      return issue.keys.map((key) => unknownKeyRule(key, known)).join('\n');
    },
  });
}

/** Every problem of a failed parse, in the order of the document. */
export function toProblems(error: z.ZodError, input: unknown): readonly SchemaProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'unrecognized_keys') {
      const rules = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        value: valueAt(input, [...path, key]),
        rule: rules[index] ?? 'is not known',
      }));
    }
    const value = valueAt(input, path);
    return [{ path, value, rule: toRule(issue, value) }];
  });
}

/** `accounts.nexusflow.prices["kling-v2.1"][0]` */
export function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${String(step)}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownKeyRule(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return nearest === undefined
    ? `is not known here; known are: ${known.join(', ')}`
    : `is not known here; did you mean ${nearest}?`;
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(step)];
    return isRecord(value) ? value[step] : undefined;
  }, input);
}

const TYPE_RULES: Readonly<Record<string, string>> = {
  string: 'must be a text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be a mapping of names to values',
  record: 'must be a mapping of names to values',
};

/** Texts of zod for the codes that the schemas leave to it; a schema's own text comes through as it is. */
function toRule(issue: z.core.$ZodIssue, value: unknown): string {
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  const missing = value === undefined ? 'is missing: ' : '';
  if (issue.code === 'invalid_type') {
    return missing + (TYPE_RULES[issue.expected] ?? `must be ${issue.expected}`);
  }
  if (issue.code === 'invalid_value') {
    return `${missing}must be one of ${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty';
    return `must be ${issue.inclusive === true ? 'at least' : 'greater than'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big') {
    return `must be at most ${String(issue.maximum)}${issue.origin === 'string' ? ' characters' : ''}`;
  }
  // Every union of ours has a text of its own; the one that has none is zod's JSON value.
  if (issue.code === 'invalid_union') return 'must be a JSON value';
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}
