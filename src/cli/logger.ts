import { pino } from 'pino';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { scrub } from './scrub.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

export interface LoggerOptions {
  readonly terminal: Terminal;
  /** One JSON object per line instead of text. */
  readonly isJson: boolean;
  /** Also `debug`. */
  readonly isVerbose: boolean;
}

/** Fields whose content must never be logged, whoever put them there. */
const PRIVATE_FIELDS = ['prompt', 'negativePrompt', 'apiKey', 'body', 'evidence', 'authorization'];

/** A logger on stderr: `time level message key=value…`, or JSON lines. */
export function createLogger({ terminal, isJson, isVerbose }: LoggerOptions): Logger {
  const write = (line: string): void => {
    terminal.stderr.write(scrub(isJson ? line : toText(line, terminal)));
  };
  const log = pino(
    {
      level: isVerbose ? 'debug' : 'info',
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: toErrorFacts, request: toRequestFacts },
      redact: {
        paths: PRIVATE_FIELDS.flatMap((field) => [field, `*.${field}`]),
        censor: '[private]',
      },
    },
    { write },
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}

function toErrorFacts(error: JsonValue | undefined): JsonValue | undefined {
  return isObject(error) ? pick(error, ['code', 'name', 'message']) : error;
}

function toRequestFacts(request: JsonValue | undefined): JsonValue | undefined {
  return isObject(request) ? pick(request, ['model', 'method', 'url']) : request;
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toText(line: string, terminal: Terminal): string {
  const record: unknown = JSON.parse(line);
  if (!isObject(record)) return line;
  const { level, time, message, ...fields } = record;
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${toField(value)}`);
  const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
  const isoTime = asText(time);
  const parts = [
    terminal.stderr.isTerminal ? isoTime.slice(11, 19) : isoTime,
    paint(terminal, terminal.stderr, style, asText(level).padEnd(5)),
    asText(message),
  ];
  return `${[...parts, ...facts].join(' ')}\n`;
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function toField(value: JsonValue | undefined): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value)
    ? value
    : JSON.stringify(value ?? null);
}
