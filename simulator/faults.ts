import { objectOf } from './fields.ts';
import { PROVIDER_NAMES, type ProviderName } from './task.ts';

export const OPERATIONS = ['create', 'read', 'list', 'cancel', 'file'] as const;
export type FaultOperation = (typeof OPERATIONS)[number];

export type Fault =
  /** Does the work at once and answers `ms` later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Does the work, then destroys the socket: the task of a create is read and listed as any other. */
  | { readonly kind: 'drop_reply' }
  /**
   * Of a create: the task is made `delayMs` after the request came, also where the client has gone by then. Until then the
   * connection is held open, or dropped at once with `isDropped`.
   */
  | { readonly kind: 'accept_late'; readonly delayMs: number; readonly isDropped?: boolean }
  /** Destroys the socket before any work. */
  | { readonly kind: 'reset_before' }
  /** Answers so instead of working; with `accepted` the work is done and the reply is replaced. Default body: the dialect's envelope. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly accepted?: boolean;
    }
  /** A page of some proxy. Default status 200. */
  | { readonly kind: 'html'; readonly status?: number; readonly accepted?: boolean }
  /** The task ends failed: at its planned end when created, at once when read. */
  | { readonly kind: 'fail_task'; readonly error?: string }
  | { readonly kind: 'not_found' }
  /** The provider forgets the task: at its planned end when created, at once when read. */
  | { readonly kind: 'expire_task' }
  /** The task that is created never ends. */
  | { readonly kind: 'stuck_task' }
  /** Sends so many bytes of the file, then destroys the socket. */
  | { readonly kind: 'truncate'; readonly bytes: number };

export interface FaultRule {
  readonly provider?: ProviderName;
  readonly operation: FaultOperation;
  readonly model?: string;
  /** A part of the prompt. */
  readonly match?: string;
  /** How often it strikes. Default 1. */
  readonly times?: number;
  /** How many calls that fit pass first. Default 0. */
  readonly after?: number;
  readonly fault: Fault;
}

export interface FaultTarget {
  readonly provider: ProviderName;
  readonly operation: FaultOperation;
  readonly model?: string;
  readonly prompt?: string;
}

/** The rules in force, with their counters. A restart forgets them. */
export interface FaultRules {
  add(rules: readonly FaultRule[]): void;
  clear(): void;
  /** The first rule that fits and is not used up; counts as one strike. */
  take(target: FaultTarget): Fault | undefined;
  rules(): readonly (FaultRule & { readonly strikes: number })[];
}

interface Counted {
  readonly rule: FaultRule;
  seen: number;
  strikes: number;
}

export function createFaultRules(): FaultRules {
  let counted: Counted[] = [];
  const obeyed = new Set<string>();

  return {
    add: (rules) => {
      counted = [...counted, ...rules.map((rule) => ({ rule, seen: 0, strikes: 0 }))];
    },
    clear: () => {
      counted = [];
    },
    take(target) {
      for (const each of counted) {
        if (!fits(each.rule, target)) continue;
        each.seen += 1;
        if (each.seen <= (each.rule.after ?? 0)) continue;
        if (each.strikes >= (each.rule.times ?? 1)) continue;
        each.strikes += 1;
        return each.rule.fault;
      }
      return target.operation === 'create' ? directiveOf(target, obeyed) : undefined;
    },
    rules: () => counted.map(({ rule, strikes }) => ({ ...rule, strikes })),
  };
}

function fits(rule: FaultRule, target: FaultTarget): boolean {
  return (
    rule.operation === target.operation &&
    (rule.provider === undefined || rule.provider === target.provider) &&
    (rule.model === undefined || rule.model === target.model) &&
    (rule.match === undefined || (target.prompt ?? '').includes(rule.match))
  );
}

/**
 * What a prompt like `a cat [sim:drop-reply]` asks for. All but `[sim:fail]` are obeyed once per prompt, so that
 * whoever may submit again gets through.
 */
function directiveOf(target: FaultTarget, obeyed: Set<string>): Fault | undefined {
  const match = /\[sim:(fail|drop-reply|429|slow=(\d{1,7}))\]/.exec(target.prompt ?? '');
  if (match === null) return undefined;
  if (match[1] === 'fail') return { kind: 'fail_task' };
  const call = `${target.provider}/${target.model ?? ''}/${target.prompt ?? ''}`;
  if (obeyed.has(call)) return undefined;
  obeyed.add(call);
  if (match[1] === 'drop-reply') return { kind: 'drop_reply' };
  if (match[1] === '429') return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
  return { kind: 'slow', ms: Number(match[2]) };
}

const FAULT_FIELDS: Readonly<Record<Fault['kind'], Readonly<Record<string, string>>>> = {
  slow: { ms: 'number' },
  drop_reply: {},
  accept_late: { delayMs: 'number' },
  reset_before: {},
  status: { status: 'number' },
  html: {},
  fail_task: {},
  not_found: {},
  expire_task: {},
  stuck_task: {},
  truncate: { bytes: 'number' },
};

/** Reads a list of rules, or says what is wrong with it. */
export function parseFaultRules(value: unknown): readonly FaultRule[] | string {
  if (!Array.isArray(value)) return 'fault rules must be a JSON list';
  for (const [index, each] of value.entries()) {
    const problem = ruleProblem(each);
    if (problem !== undefined) return `rule ${index}: ${problem}`;
  }
  return value as FaultRule[];
}

function ruleProblem(value: unknown): string | undefined {
  const rule = objectOf(value);
  if (rule === undefined) return 'must be an object';
  if (!isOneOf(OPERATIONS, rule['operation'])) {
    return `operation must be one of ${OPERATIONS.join(', ')}`;
  }
  if (rule['provider'] !== undefined && !isOneOf(PROVIDER_NAMES, rule['provider'])) {
    return `provider must be one of ${PROVIDER_NAMES.join(', ')}`;
  }
  for (const name of ['times', 'after']) {
    const count = rule[name];
    if (count !== undefined && !(Number.isInteger(count) && Number(count) >= 0)) {
      return `${name} must be an integer of at least 0`;
    }
  }
  const fault = objectOf(rule['fault']);
  const kind = fault?.['kind'];
  const fields = Object.entries(FAULT_FIELDS).find(([known]) => known === kind)?.[1];
  if (fault === undefined || fields === undefined) {
    return `fault.kind must be one of ${Object.keys(FAULT_FIELDS).join(', ')}`;
  }
  const wrong = Object.entries(fields).find(([name, type]) => typeof fault[name] !== type);
  return wrong === undefined ? undefined : `fault.${wrong[0]} must be a ${wrong[1]}`;
}

function isOneOf(values: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && values.includes(value);
}
