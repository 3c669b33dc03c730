import type { JsonBody } from './task.ts';

/** What is wrong with a field, for the client to read. */
export type Problem = string | undefined;

export const LARGEST_PICTURE_PIXELS = 4096;

export function requiredText(body: JsonBody, name: string): Problem {
  const value = body[name];
  if (typeof value === 'string' && value.trim() !== '') return undefined;
  return `${name} is required and must be a non-empty string`;
}

export function optionalText(body: JsonBody, name: string): Problem {
  return isAbsent(body, name) || typeof body[name] === 'string'
    ? undefined
    : `${name} must be a string`;
}

export function optionalBoolean(body: JsonBody, name: string): Problem {
  return isAbsent(body, name) || typeof body[name] === 'boolean'
    ? undefined
    : `${name} must be a boolean`;
}

export function optionalInteger(
  body: JsonBody,
  name: string,
  minimum: number,
  maximum: number,
): Problem {
  const value = body[name];
  if (value === undefined) return undefined;
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= minimum &&
    value <= maximum
  ) {
    return undefined;
  }
  return `${name} must be an integer in [${minimum}, ${maximum}]`;
}

export function optionalOneOf(body: JsonBody, name: string, values: readonly string[]): Problem {
  const value = body[name];
  if (value === undefined || (typeof value === 'string' && values.includes(value)))
    return undefined;
  return `${name} must be one of ${values.join(', ')}`;
}

/** `WIDTHxHEIGHT`, or one of the named sizes. */
export function optionalSize(body: JsonBody, name: string, named: readonly string[] = []): Problem {
  const value = body[name];
  if (value === undefined || (typeof value === 'string' && named.includes(value))) return undefined;
  if (typeof value === 'string' && pixelsOf(value) !== undefined) return undefined;
  return `${name} must look like 1024x1024, each side 1 to ${LARGEST_PICTURE_PIXELS}`;
}

/** URLs, so many at least and at most; `minimum` 0 makes the field optional. */
export function urlList(body: JsonBody, name: string, minimum: number, maximum: number): Problem {
  const value = body[name] ?? [];
  const isList =
    Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
  if (isList && value.length >= minimum && value.length <= maximum) return undefined;
  return `${name} must be a list of ${minimum} to ${maximum} URLs`;
}

export function firstProblem(problems: readonly Problem[]): Problem {
  return problems.find((problem) => problem !== undefined);
}

export function pixelsOf(size: string): { width: number; height: number } | undefined {
  const match = /^(\d{1,4})[xX*](\d{1,4})$/.exec(size);
  const width = Number(match?.[1]);
  const height = Number(match?.[2]);
  const isPossible = (side: number): boolean => side >= 1 && side <= LARGEST_PICTURE_PIXELS;
  return isPossible(width) && isPossible(height) ? { width, height } : undefined;
}

export function textOf(body: JsonBody, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(body: JsonBody, name: string): number | undefined {
  const value = body[name];
  return typeof value === 'number' ? value : undefined;
}

export function objectOf(value: unknown): JsonBody | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is JsonBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(body: JsonBody, name: string): boolean {
  return body[name] === undefined;
}
