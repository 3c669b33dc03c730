import { InvalidArgumentError } from 'commander';
import parseDuration from 'ms';
import type { StringValue } from 'ms';
import { isJobId } from '../core/keys.ts';

/** Parsers of option values. What they throw becomes a usage error that names the option. */

export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a number.');
  }
  return value;
}

export function toWholeNumber(text: string): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  }
  return value;
}

/** Milliseconds of a text such as `12h` or `30d`. */
export function toDurationMs(text: string): number {
  if (!/^\d+(\.\d+)?[smhdw]$/.test(text)) {
    throw new InvalidArgumentError('It must be a duration, such as 45m, 12h, 30d or 8w.');
  }
  return parseDuration(text as StringValue);
}

export function toPort(text: string): number {
  const value = toWholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return value;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`; an IPv6 address stands in brackets. */
export function toListenAddress(text: string): ListenAddress {
  const match = /^(?:\[(?<v6>[0-9a-f:]+)\]|(?<name>[^\s:/[\]]+)):(?<port>\d{1,5})$/i.exec(text);
  const { v6, name, port } = match?.groups ?? {};
  const host = v6 ?? name;
  if (host === undefined || port === undefined) {
    throw new InvalidArgumentError('It must be host:port, such as 127.0.0.1:8089.');
  }
  return { host, port: toPort(port) };
}

/** For options that may be given several times. */
export function collect(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

/** For an option that names a job and may be given several times. */
export function collectJobId(
  text: string,
  earlier: readonly string[] | undefined,
): readonly string[] {
  if (!isJobId(text)) throw new InvalidArgumentError('It must be the id of a job.');
  return collect(text, earlier);
}
