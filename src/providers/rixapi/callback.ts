import { z } from 'zod';
import type { CallbackHint, CallbackSupport } from '../../core/provider.ts';
import { parseJson, taskIdSchema } from '../lenient.ts';

const MAX_BODY_LENGTH = 1_048_576;
const callbackSchema = z.object({ id: taskIdSchema });

/**
 * The gateway posts the query response to `callback_url` on every change. Nothing signs it, so it is a hint that a
 * reading may be worth while, and its status is not looked at.
 */
export const RIXAPI_CALLBACK: CallbackSupport = {
  urlField: 'callback_url',
  parse: (rawBody): CallbackHint | undefined => {
    if (rawBody.length > MAX_BODY_LENGTH) return undefined;
    const parsed = callbackSchema.safeParse(parseJson(rawBody));
    return parsed.success ? { taskId: parsed.data.id } : undefined;
  },
};
