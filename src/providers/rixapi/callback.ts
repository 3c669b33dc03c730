import { z } from 'zod';
import { MAX_CALLBACK_BYTES } from '../../core/callbacks.ts';
import { isTerminal } from '../../core/provider.ts';
import type { CallbackHint, CallbackSupport } from '../../core/provider.ts';
import { optionalText, parseJson, taskIdSchema } from '../lenient.ts';
import { STATUSES } from './wire.ts';

const callbackSchema = z.object({ id: taskIdSchema, status: optionalText });

/**
 * The gateway posts the query response to `callback_url` on every change. Nothing signs it, so it is a hint that a reading may be
 * worth while. Of its status only this is used: a documented one that is not final promises no result.
 */
export const RIXAPI_CALLBACK: CallbackSupport = {
  urlField: 'callback_url',
  parse: (rawBody): CallbackHint | undefined => {
    if (rawBody.length > MAX_CALLBACK_BYTES) return undefined;
    const parsed = callbackSchema.safeParse(parseJson(rawBody));
    if (!parsed.success) return undefined;
    const { id: taskId, status } = parsed.data;
    return isUnfinished(status) ? { taskId, isUnfinished: true } : { taskId };
  },
};

function isUnfinished(status: string | undefined): boolean {
  if (status === undefined || !Object.hasOwn(STATUSES, status)) return false;
  const known = STATUSES[status];
  return known !== undefined && !isTerminal(known);
}
