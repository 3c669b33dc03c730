import { z } from 'zod';

/** JSON of a text, or `undefined`: no text of a provider is an exception. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Printable ASCII, so that an id can stand in a path and on a log line. */
const TASK_ID = /^[\x21-\x7e]{1,200}$/;

/** A task id as providers print it: opaque, but never a path of its own. */
export const taskIdSchema: z.ZodType<string> = z
  .string()
  .regex(TASK_ID)
  .refine((id) => id !== '.' && id !== '..');

/** A field that is dropped, not refused, where it is not what it ought to be. */
export function optional<Value>(schema: z.ZodType<Value>): z.ZodType<Value | undefined> {
  return schema.optional().catch(undefined);
}

export const optionalText: z.ZodType<string | undefined> = optional(z.string());
export const optionalNumber: z.ZodType<number | undefined> = optional(z.number());

/** Percent in 0 … 100. */
export const optionalProgress: z.ZodType<number | undefined> = optional(z.number().min(0).max(100));

/** A result URL, whatever it says: one that may not be fetched is refused aloud where it is fetched, never dropped here. */
export const urlText: z.ZodType<string> = z
  .string()
  .min(1)
  .transform((text) => text.slice(0, 8192));

/** A provider's ISO stamp as ISO 8601 with milliseconds. */
export function isoTime(text: string | undefined): string | undefined {
  return text === undefined ? undefined : toIso(Date.parse(text));
}

/** A provider's unix stamp in seconds as ISO 8601. */
export function unixTime(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : toIso(seconds * 1000);
}

function toIso(timeMs: number): string | undefined {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The object without its `undefined` members. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Fields>;
}

/** Members that may be `undefined` become members that may be absent. */
export type Given<Fields> = {
  readonly [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key];
} & {
  readonly [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<
    Fields[Key],
    undefined
  >;
};
