import { RequestError } from './errors.ts';

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const ID_RULE =
  'must start with a letter or digit and hold at most 100 letters, digits, dots, underscores and hyphens';
const WORKFLOW_ID_PREFIX = 'job/';

/** True for the id of a job, or for `<batch>/<item>`. */
export function isJobId(text: string): boolean {
  const parts = text.split('/');
  return parts.length <= 2 && parts.every((part) => ID.test(part));
}

/** Throws `request.invalid` unless the text is an id of a job. */
export function checkJobId(text: string): string {
  if (!isJobId(text)) {
    throw new RequestError(
      'request.invalid',
      `jobId (${JSON.stringify(text.slice(0, 120))}): ${ID_RULE}`,
      {
        details: { issues: [{ field: 'jobId', rule: ID_RULE }] },
      },
    );
  }
  return text;
}

/** `job/<jobId>`: the workflow of a job. Wire format. */
export function toWorkflowId(jobId: string): string {
  return WORKFLOW_ID_PREFIX + jobId;
}

/** The job id in a workflow id. Throws `request.invalid` where there is none. */
export function toJobId(workflowId: string): string {
  if (!workflowId.startsWith(WORKFLOW_ID_PREFIX)) {
    throw new RequestError(
      'request.invalid',
      `workflow id (${JSON.stringify(workflowId.slice(0, 120))}): must be job/<job id>`,
    );
  }
  return checkJobId(workflowId.slice(WORKFLOW_ID_PREFIX.length));
}

/**
 * Key of one output in the artifact store: `jobs/<jobId>/<number>/<index>.<extension>`.
 * Made of our own ids only, never of a provider's file name. Wire format, version 1.
 */
export function toArtifactKey(
  jobId: string,
  number: number,
  index: number,
  extension: string,
): string {
  return `jobs/${jobId}/${String(number)}/${String(index)}.${extension}`;
}

/** Key of what is known about the artifacts beside it: `jobs/<jobId>/<number>/job.json`. Wire format, version 1. */
export function toProvenanceKey(jobId: string, number: number): string {
  return `jobs/${jobId}/${String(number)}/job.json`;
}

/** The submission whose files have this key, or lie beside it; `undefined` for what is no such key. */
export function splitArtifactKey(key: string): { jobId: string; number: number } | undefined {
  const match = /^jobs\/(?<jobId>.+)\/(?<number>\d+)\/(?:job\.json|\d+\.[^/]+)$/.exec(key);
  const { jobId, number } = match?.groups ?? {};
  if (jobId === undefined || !isJobId(jobId)) return undefined;
  return { jobId, number: Number(number) };
}

/** Key of bytes that came inside a reply, kept until they are checked and published. */
export function toStagingKey(jobId: string, number: number, index: number): string {
  return `staging/${jobId}/${String(number)}/${String(index)}`;
}

/** The task id of an accepted submission whose reply named none. Never read, listed or cancelled. */
export function toLocalTaskId(jobId: string, number: number): string {
  return `local-${jobId.replace('/', ':')}-${String(number)}`;
}

/** Splits `<account>/<model>` at its first slash. */
export function splitModel(model: string): { account: string; model: string } | undefined {
  const slash = model.indexOf('/');
  if (slash <= 0 || slash === model.length - 1) return undefined;
  return { account: model.slice(0, slash), model: model.slice(slash + 1) };
}

/** Task queues. Wire format: a worker of another release must find the same ones. */
export const WORKFLOW_QUEUE = 'pollux';
/** Batches and their pages: they must not wait behind the jobs that they start. */
export const BATCH_QUEUE = 'pollux-batches';
/**
 * How long the server waits for a worker that took such a workflow's task and died: no place of the window is filled
 * meanwhile. Reading a page anew takes a tenth of it.
 */
export const BATCH_TASK_TIMEOUT_MS = 5_000;
export const TRANSFER_QUEUE = 'pollux-transfer';

export function toSubmitQueue(account: string): string {
  return `pollux-submit-${account}`;
}

export function toPollQueue(account: string): string {
  return `pollux-poll-${account}`;
}

/** Throws `request.invalid` unless the text is an id of a batch or of an item. */
export function checkBatchId(text: string, field: 'batch' | 'id'): string {
  if (ID.test(text)) return text;
  throw new RequestError(
    'request.invalid',
    `${field} (${JSON.stringify(text.slice(0, 120))}): ${ID_RULE}`,
    { details: { issues: [{ field, rule: ID_RULE }] } },
  );
}

/** The time that a schedule adds to the id of what it starts, as an id may hold it. */
const FIRING = /-(?<day>\d{4}-\d\d-\d\d)T(?<hour>\d\d)-(?<minute>\d\d)-(?<second>\d\d)Z$/;

/**
 * `batch/<batch>`: the workflow of a batch. The server writes the time of a schedule's firing with colons, which no id of
 * ours holds. Wire format.
 */
export function toBatchWorkflowId(batch: string): string {
  return `batch/${batch.replace(FIRING, '-$<day>T$<hour>:$<minute>:$<second>Z')}`;
}

/** The batch of a workflow id that {@link toBatchWorkflowId} or a schedule has made. */
export function toBatchName(workflowId: string): string {
  return workflowId.slice('batch/'.length).replaceAll(':', '-');
}

/** The job of an item. Wire format. */
export function toItemJobId(batch: string, item: string): string {
  return `${batch}/${item}`;
}

/** Key of a page of items: JSON lines. Wire format, version 1. */
export function toPageKey(batch: string, revision: string, page: number): string {
  return `batches/${batch}/${revision}/items-${String(page).padStart(5, '0')}.jsonl`;
}

/** Key of the whole output manifest of a batch's newest run. Wire format, version 1. */
export function toManifestKey(batch: string, format: 'jsonl' | 'csv' = 'jsonl'): string {
  return `batches/${batch}/manifest.${format}`;
}

/** Key of what the output manifest of a batch's newest run comes to: JSON. Wire format, version 1. */
export function toTotalsKey(batch: string): string {
  return `batches/${batch}/totals.json`;
}

/** `batch/<batch>/page/<run>/<page>`: the workflow of a page in one run of its batch. Wire format. */
export function toPageWorkflowId(batchWorkflowId: string, run: string, page: number): string {
  return `${batchWorkflowId}/page/${run}/${String(page)}`;
}

/** Below which all that one run of a batch writes lies. */
function toRunPrefix(batch: string, run: string): string {
  return `batches/${batch}/runs/${run}/`;
}

/** Below which the results lie that a run of a batch has written as they came; of one page, or of all. */
export function toResultsPrefix(batch: string, run: string, page?: number): string {
  const results = `${toRunPrefix(batch, run)}results/`;
  return page === undefined ? results : `${results}${String(page).padStart(5, '0')}/`;
}

/** Key of some results of a page: JSON lines. Each name is given once. Wire format, version 1. */
export function toResultsKey(batch: string, run: string, page: number, name: string): string {
  return `${toResultsPrefix(batch, run, page)}${name}.jsonl`;
}

/** Key of the whole output manifest of one run, which nothing replaces. Wire format, version 1. */
export function toRunManifestKey(batch: string, run: string, format: 'jsonl' | 'csv'): string {
  return `${toRunPrefix(batch, run)}manifest.${format}`;
}

/** Key of what that manifest comes to: JSON. Wire format, version 1. */
export function toRunTotalsKey(batch: string, run: string): string {
  return `${toRunPrefix(batch, run)}totals.json`;
}
