import type { RequestIssue } from '../core/request-issue.ts';
import type { MediaRequest } from '../core/job.ts';
import type { JsonValue } from '../core/json.ts';
import type { HostRules } from './host-guard.ts';
import { refuseInputUrl } from './host-guard.ts';

/** A canonical field that a model may take. */
export type ParameterName = Exclude<keyof MediaRequest, 'model' | 'extra'>;

/** What one model allows in one field, and the API's own name for it. */
export type ParameterRule = {
  readonly native: string;
  /** Default false. */
  readonly isRequired?: boolean;
} & (
  | { readonly type: 'text'; readonly limit?: TextLimit }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'flag' }
  /** `<width>x<height>`. */
  | { readonly type: 'size' }
  | { readonly type: 'url' }
  /** `isSingle`: the API takes one URL as text, where the canonical field is a list. */
  | {
      readonly type: 'urls';
      readonly minimum: number;
      readonly maximum: number;
      readonly isSingle?: boolean;
    }
);

/** Bound of a text in halves of a Chinese character: a Han character weighs 2, any other 1. */
export interface TextLimit {
  readonly maxHalves: number;
  readonly rule: string;
}

/** A model's parameters as data: what is not listed here is refused. */
export type ParameterRules = Readonly<Partial<Record<ParameterName, ParameterRule>>>;

const SIZE = /^[1-9]\d{1,4}x[1-9]\d{1,4}$/;
const HAN = /\p{Script=Han}/u;

/** What a size must look like, as a JSON Schema pattern. */
export const SIZE_PATTERN: string = SIZE.source;

/** Every rule that the canonical fields of a request break. `refusal` words the rule of a field the model lacks. */
export function checkParameters(
  rules: ParameterRules,
  request: MediaRequest,
  hosts: HostRules,
  refusal: (field: string) => string,
): RequestIssue[] {
  const known = new Map<string, ParameterRule>(Object.entries(rules));
  const issues: RequestIssue[] = [];
  for (const [field, value] of fieldsOf(request)) {
    const rule = known.get(field);
    if (rule === undefined) issues.push({ field, value, rule: refusal(field) });
    else issues.push(...checkValue(field, value, rule, hosts));
  }
  const given = new Set(fieldsOf(request).map(([field]) => field));
  for (const [field, rule] of known) {
    if (rule.isRequired === true && !given.has(field)) {
      issues.push({ field, rule: `is required (${rule.native}): ${describe(rule)}` });
    }
  }
  return issues;
}

/** The fields that were given, under their native names. Expects a request that {@link checkParameters} has passed. */
export function toNative(rules: ParameterRules, request: MediaRequest): Record<string, JsonValue> {
  const known = new Map<string, ParameterRule>(Object.entries(rules));
  const native: Record<string, JsonValue> = {};
  for (const [field, value] of fieldsOf(request)) {
    const rule = known.get(field);
    if (rule === undefined) continue;
    const [first] = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
    const isEmptyList = Array.isArray(value) && first === undefined;
    if (isEmptyList) continue;
    native[rule.native] = rule.type === 'urls' && rule.isSingle === true ? (first ?? null) : value;
  }
  return native;
}

function fieldsOf(request: MediaRequest): [string, JsonValue][] {
  return Object.entries(request).filter(
    (entry): entry is [string, JsonValue] =>
      entry[0] !== 'model' && entry[0] !== 'extra' && entry[1] !== undefined,
  );
}

function checkValue(
  field: string,
  value: JsonValue,
  rule: ParameterRule,
  hosts: HostRules,
): RequestIssue[] {
  const broken = (text: string): RequestIssue[] => [
    { field, value, rule: `${text} (${rule.native})` },
  ];
  switch (rule.type) {
    case 'text':
      if (typeof value !== 'string' || (rule.isRequired === true && value.trim() === '')) {
        return broken(describe(rule));
      }
      return rule.limit !== undefined && weighHalves(value) > rule.limit.maxHalves
        ? broken(rule.limit.rule)
        : [];
    case 'integer': {
      const isInside =
        Number.isInteger(value) && Number(value) >= rule.minimum && Number(value) <= rule.maximum;
      return typeof value === 'number' && isInside ? [] : broken(describe(rule));
    }
    case 'choice':
      return typeof value === 'string' && rule.values.includes(value) ? [] : broken(describe(rule));
    case 'flag':
      return typeof value === 'boolean' ? [] : broken(describe(rule));
    case 'size':
      return typeof value === 'string' && SIZE.test(value) ? [] : broken(describe(rule));
    case 'url': {
      const refusal = refuseInputUrl(value, hosts);
      return refusal === undefined ? [] : broken(refusal);
    }
    case 'urls':
      return checkUrls(field, value, rule, hosts);
  }
}

function checkUrls(
  field: string,
  value: JsonValue,
  rule: Extract<ParameterRule, { type: 'urls' }>,
  hosts: HostRules,
): RequestIssue[] {
  if (!isList(value) || value.length < rule.minimum || value.length > rule.maximum) {
    return [{ field, value, rule: `${describe(rule)} (${rule.native})` }];
  }
  return value.flatMap((url, index) => {
    const refusal = refuseInputUrl(url, hosts);
    return refusal === undefined
      ? []
      : [{ field: `${field}[${index}]`, value: url, rule: `${refusal} (${rule.native})` }];
  });
}

function describe(rule: ParameterRule): string {
  switch (rule.type) {
    case 'text':
      return rule.isRequired === true ? 'must be a text that is not empty' : 'must be a text';
    case 'integer':
      return `must be an integer from ${rule.minimum} to ${rule.maximum}`;
    case 'choice':
      return `must be one of ${rule.values.join(', ')}`;
    case 'flag':
      return 'must be true or false';
    case 'size':
      return 'must be <width>x<height> in pixels, e.g. 1024x1024';
    case 'url':
      return 'must be a URL';
    case 'urls':
      return rule.minimum === rule.maximum
        ? `must be a list of exactly ${rule.minimum} URL${rule.minimum === 1 ? '' : 's'}`
        : `must be a list of ${rule.minimum} to ${rule.maximum} URLs`;
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function weighHalves(text: string): number {
  let halves = 0;
  for (const character of text) halves += HAN.test(character) ? 2 : 1;
  return halves;
}

/** A model with documented parameters takes nothing in `extra`; a native name is answered with its canonical one. */
export function checkExtra(
  rules: ParameterRules,
  request: MediaRequest,
  refusal: (field: string) => string,
): RequestIssue[] {
  const canonical = new Map(Object.entries(rules).map(([field, rule]) => [rule.native, field]));
  return Object.entries(request.extra ?? {}).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const field = canonical.get(name);
    const rule =
      field === undefined ? refusal(name) : `must be given as ${field}, outside of extra`;
    return [{ field: `extra.${name}`, value, rule }];
  });
}
