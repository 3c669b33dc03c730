import { DefaultFailureConverter } from '@temporalio/common';
import type { FailureConverter } from '@temporalio/common';

/**
 * Moves the message and the stack of a step's failure into a payload, which the codec encrypts: an error that nobody foresaw
 * may hold anything. The SDK loads this file by its path.
 */
export const failureConverter: FailureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: true,
});
