/**
 * A provider of one's own: Lanternworks, an imaginary API with one model.
 *
 *   POST /jobs {model, prompt, seconds} → {id, status}      GET /jobs/<id> → {id, status, percent?, files?, reason?}
 *
 * What makes it a provider is the port, `Provider`; what proves it is `providerContract` of `pollux/testing`.
 * `test/integration/examples.test.ts` runs that suite on it. The parts below `src/providers/` bring what is hard to get
 * right: the proof that nothing was sent, the caps, the redaction, the rule which status proves what.
 */
import { z } from 'zod';
import type { MediaRequest } from '../src/core/job.ts';
import type { Model, Operation, Provider, Snapshot } from '../src/core/provider.ts';
import { secretsOf } from '../src/providers/call-secrets.ts';
import { createHttpClient } from '../src/providers/http.ts';
import {
  given,
  optional,
  optionalProgress,
  optionalText,
  taskIdSchema,
  urlText,
} from '../src/providers/lenient.ts';
import { hasTaskId, taskUrl, toTaskOperation } from '../src/providers/operation.ts';
import type { ProviderOptions } from '../src/providers/options.ts';
import { checkBaseUrl } from '../src/providers/options.ts';
import { toParameterSchema } from '../src/providers/parameter-schema.ts';
import type { ParameterRules } from '../src/providers/parameters.ts';
import { checkExtra, checkParameters, toNative } from '../src/providers/parameters.ts';
import { quotePrice, toPriceList } from '../src/providers/pricing.ts';
import { toReading, unreadableWithoutId } from '../src/providers/reading.ts';
import { toSubmission } from '../src/providers/submission.ts';
import type { StatusReader } from '../src/providers/task-status.ts';
import { createStatusReader, toFailure } from '../src/providers/task-status.ts';
import type { WireTask } from '../src/providers/wire-task.ts';
import { toAskedSnapshot, toCreatedTask } from '../src/providers/wire-task.ts';

const API = 'Lanternworks';
const MODEL = 'lantern-1';
const DEFAULT_SECONDS = 4;

/** What the model takes, and the API's own names for it. Everything else is refused before money is spent. */
const RULES: ParameterRules = {
  prompt: { type: 'text', native: 'prompt', isRequired: true },
  durationSeconds: { type: 'integer', native: 'seconds', minimum: 1, maximum: 8 },
};

const taskSchema = z.object({
  id: optional(taskIdSchema),
  status: optionalText,
  percent: optionalProgress,
  files: optional(z.array(urlText)),
  reason: optionalText,
});

export function createLanternworks(options: ProviderOptions): Provider {
  const baseUrl = checkBaseUrl(options);
  const http = createHttpClient(options);
  const readStatus = createStatusReader(API, {
    waiting: 'queued',
    lit: 'running',
    done: 'succeeded',
    broken: 'failed',
  });
  const toOperation = (taskId: string | null): Operation => ({ taskId, baseUrl });
  const model: Model = {
    id: MODEL,
    kind: 'video',
    parameters: toParameterSchema(RULES),
    prices: toPriceList(
      MODEL,
      [{ currency: 'USD', unit: 'second', micros: '20000', when: {}, source: 'price page' }],
      options,
    ),
    timing: { firstPollSeconds: 10, minPollSeconds: 5, maxPollSeconds: 20 },
  };
  const refuse = (): string => `is not a parameter of ${MODEL}`;

  return {
    name: 'lanternworks',
    capabilities: {
      submitRepair: 'none',
      syncResultPossible: false,
      listBoundSeconds: undefined,
      listPageSize: undefined,
      readScope: 'key',
      cancelWhen: undefined,
      cancelDeletesFinished: false,
      progress: 'percent',
      resultRefreshable: false,
      visibilityLagSeconds: undefined,
      chargesOnFailure: 'no',
      currencies: ['USD'],
    },
    models: { list: () => [model], find: (id) => (id === MODEL ? model : undefined) },

    validate: (request) => [
      ...checkParameters(RULES, request, options, refuse),
      ...checkExtra(RULES, request, refuse),
    ],

    quote: (request: MediaRequest) =>
      quotePrice(model.prices, options.currency, {
        seconds: request.durationSeconds ?? DEFAULT_SECONDS,
        items: 1,
      }),

    submit: async (request, context) => {
      const secrets = secretsOf(context, request.prompt);
      const result = await http.post({
        ...context,
        url: new URL(`${baseUrl}/jobs`),
        body: { model: MODEL, ...toNative(RULES, request) },
      });
      const rules = { api: API, rejectsBy503: false };
      return toSubmission(result, rules, secrets, (json) =>
        toCreatedTask(
          readTask(json, (word) => readStatus(word, context.logger), secrets),
          toOperation,
        ),
      );
    },

    read: async (operation, context) => {
      const target = toTaskOperation(operation);
      if (!hasTaskId(target)) return unreadableWithoutId(API);
      const secrets = secretsOf(context);
      const result = await http.call('GET', { ...context, url: taskUrl(target, '/jobs') });
      return toReading(result, API, secrets, (json) =>
        toAskedSnapshot(
          readTask(json, (word) => readStatus(word, context.logger), secrets),
          target.taskId,
        ),
      );
    },

    operationOf: (taskId) => toOperation(taskId),
  };
}

/** Reads a task leniently: only the fields used, a wrong one counts as absent. */
function readTask(
  json: unknown,
  readStatus: (word: string) => ReturnType<StatusReader>,
  secrets: readonly string[],
): WireTask | undefined {
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { id, status: word, percent, files, reason } = parsed.data;
  if (word === undefined) return { id, snapshot: undefined };
  const status = readStatus(word);
  const outputs = (files ?? []).map((url) => ({ source: 'url', url, kind: 'video' }) as const);
  const snapshot: Snapshot = {
    status,
    providerStatus: word.slice(0, 60),
    ...given({ progress: percent, outputs: status === 'succeeded' ? outputs : undefined }),
    ...(status === 'failed' ? toFailure(API, given({ message: reason }), secrets) : {}),
  };
  return { id, snapshot };
}
