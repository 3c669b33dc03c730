import { isMediaJobError } from '../core/errors.ts';

/** The answer of a call about a workflow; `undefined` where Temporal knows no such workflow, or none that is open. */
export async function unlessMissing<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'request.invalid') return undefined;
    throw error;
  }
}
