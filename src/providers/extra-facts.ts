import type { MediaRequest } from '../core/job.ts';
import type { JsonValue } from '../core/json.ts';
import type { PriceFacts } from './pricing.ts';

/**
 * Price facts of a model without a documented schema, read from its native fields: `duration` or `seconds` (gateways
 * write them as text, too), `resolution`, `audio`. `durationSeconds`, a finished file's own length, outranks them.
 */
export function toPriceFacts(request: MediaRequest): PriceFacts {
  const extra = request.extra ?? {};
  const seconds =
    request.durationSeconds ?? toSeconds(extra['duration']) ?? toSeconds(extra['seconds']);
  const { resolution, audio } = extra;
  return {
    items: request.count ?? 1,
    ...(seconds === undefined ? {} : { seconds }),
    ...(typeof resolution === 'string' ? { resolution } : {}),
    ...(typeof audio === 'boolean' ? { audio } : {}),
  };
}

const SECONDS = /^\d{1,5}(\.\d{1,3})?$/;

function toSeconds(value: JsonValue | undefined): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && SECONDS.test(text) ? Number(text) : undefined;
}
