import { InvalidArgumentError } from 'commander';

export const MIB: number = 1024 ** 2;

const UNITS: Readonly<Record<string, number>> = { MiB: MIB, GiB: 1024 * MIB };

/** Bytes of a text such as `256MiB` or `1GiB`, for an option. */
export function toSizeBytes(text: string): number {
  const match = /^(?<count>[1-9]\d*)(?<unit>MiB|GiB)$/.exec(text);
  const { count, unit } = match?.groups ?? {};
  const factor = unit === undefined ? undefined : UNITS[unit];
  if (factor === undefined)
    throw new InvalidArgumentError('It must be a size, such as 256MiB or 1GiB.');
  return Number(count) * factor;
}
