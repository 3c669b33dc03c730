import type { Operation, SalvagedTask, SubmitEvidence } from '../core/provider.ts';
import type { HttpResponse } from './http.ts';
import { scanJson } from './json-scan.ts';
import type { JsonScan, JsonToken } from './json-scan.ts';
import { taskIdSchema } from './lenient.ts';
import { HIDDEN, hideSecrets } from './redaction.ts';

const EVIDENCE_BYTES = 4096;
/** No more of a text is read as JSON. */
const SCANNED_LENGTH = 2 * EVIDENCE_BYTES;
/** The member of a reply that names its task, at every API of this room. */
const ID = 'id';

/**
 * What came of an answer, fit to be kept: at most 4 KiB, without secrets, and with the task's id where the answer names
 * one. `secrets` begins with the key.
 */
export function toEvidence(
  reason: string,
  answer: Omit<HttpResponse, 'kind'> | undefined,
  secrets: readonly string[],
): SubmitEvidence {
  if (answer === undefined) return { reason };
  const text = hideInBody(answer.body.slice(0, SCANNED_LENGTH), secrets);
  const body = Buffer.from(text, 'utf8')
    .subarray(0, EVIDENCE_BYTES)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return { reason, httpStatus: answer.status, ...(body === '' ? {} : { body }) };
}

/**
 * The task that the evidence of a broken 2xx reply names: by one whole `id` of the outermost object, and no other. Pure.
 * A cut can only take an id away, never change it.
 */
export function salvageTask(
  { httpStatus, body }: SubmitEvidence,
  toOperation: (taskId: string) => Operation,
): SalvagedTask | undefined {
  if (body === undefined || httpStatus === undefined) return undefined;
  if (httpStatus < 200 || httpStatus > 299) return undefined;
  const text = body.slice(0, SCANNED_LENGTH);
  const taskId = findTaskId(text, scanJson(text))?.text;
  return taskId === undefined ? undefined : { taskId, operation: toOperation(taskId) };
}

function findTaskId(text: string, { tokens, end }: JsonScan): JsonToken | undefined {
  const outermost = tokens.filter(({ depth, member }) => depth === 1 && member === ID);
  const [name, id] = outermost;
  if (name === undefined || id?.kind !== 'string' || outermost.length !== 2) return undefined;
  if (text.slice(end).includes(`"${ID}"`) || id.text.includes(HIDDEN)) return undefined;
  return taskIdSchema.safeParse(id.text).success ? id : undefined;
}

/**
 * Hides secrets in what JSON says, not in how it is written: a prompt that looks like JSON must not make the body
 * unreadable. The id stays, as it names the task everywhere; only the key itself is never kept.
 */
function hideInBody(text: string, secrets: readonly string[]): string {
  const scan = scanJson(text);
  const id = findTaskId(text, scan);
  const [key] = secrets;
  const kept = key !== undefined && id?.text.includes(key) === true ? undefined : id;
  let hidden = '';
  let end = 0;
  for (const token of scan.tokens) {
    const written = text.slice(token.start, token.end);
    const shown = token === kept ? token.text : hideSecrets(token.text, secrets);
    hidden +=
      text.slice(end, token.start) + (shown === token.text ? written : JSON.stringify(shown));
    end = token.end;
  }
  return hidden + text.slice(end, scan.end) + hideSecrets(text.slice(scan.end), secrets);
}
