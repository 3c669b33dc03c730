import parse from 'ms';
import type { StringValue } from 'ms';

/** Milliseconds of a duration as the SDK takes it. */
export function ms(duration: number | string): number {
  return typeof duration === 'number' ? duration : parse(duration as StringValue);
}

export function optionalMs(duration: number | string | undefined): number | undefined {
  return duration === undefined ? undefined : ms(duration);
}
