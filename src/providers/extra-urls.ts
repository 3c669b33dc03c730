import type { MediaRequest } from '../core/job.ts';
import type { JsonValue } from '../core/json.ts';
import type { RequestIssue } from '../core/request-issue.ts';
import type { HostRules } from './host-guard.ts';
import { refuseInputUrl } from './host-guard.ts';

const WEB_URL = /^https?:\/\/\S+$/i;
/** The value itself stays out of messages: it may carry a password. */
const SHOWN = 'a URL';

/**
 * The http and https URLs anywhere in `extra`, held to the same rules as `imageUrls`. What the fields of a model mean is
 * not known here: a text that holds more than a URL, another scheme (`data:`) and a bare host name pass.
 */
export function checkExtraUrls({ extra }: MediaRequest, hosts: HostRules): RequestIssue[] {
  return extra === undefined ? [] : check('extra', extra, hosts);
}

function check(field: string, value: JsonValue | undefined, hosts: HostRules): RequestIssue[] {
  if (typeof value === 'string') {
    const refusal = WEB_URL.test(value) ? refuseInputUrl(value, hosts) : undefined;
    return refusal === undefined ? [] : [{ field, value: SHOWN, rule: refusal }];
  }
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) {
    return value.flatMap((item, index) => check(`${field}[${index}]`, item, hosts));
  }
  return Object.entries(value).flatMap(([name, item]) => check(`${field}.${name}`, item, hosts));
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
