import type { RequestIssue } from '../../core/request-issue.ts';
import type { MediaKind, MediaRequest } from '../../core/job.ts';
import type { CallContext, Model, Operation, Provider } from '../../core/provider.ts';
import { secretsOf } from '../call-secrets.ts';
import { salvageTask } from '../evidence.ts';
import { toPriceFacts } from '../extra-facts.ts';
import { createHttpClient } from '../http.ts';
import { hasTaskId, taskUrl, toTaskOperation } from '../operation.ts';
import type { ProviderOptions } from '../options.ts';
import { checkBaseUrl } from '../options.ts';
import { toParameterSchema } from '../parameter-schema.ts';
import type { ParameterRules } from '../parameters.ts';
import { checkExtraUrls } from '../extra-urls.ts';
import { checkParameters, toNative } from '../parameters.ts';
import { billTokens, quotePrice, toPriceList } from '../pricing.ts';
import { toCancelAnswer, toReading, unreadableWithoutId } from '../reading.ts';
import { toSubmission } from '../submission.ts';
import { createStatusReader } from '../task-status.ts';
import { toAskedSnapshot, toCreatedTask } from '../wire-task.ts';
import type { EndpointKind } from './models.ts';
import { DOCUMENTED_MODELS, endpointOf, TIMING } from './models.ts';
import type { WireContext } from './wire.ts';
import { API, readTask, STATUSES, toTokens } from './wire.ts';

const TASKS = '/v1/tasks';

/** A synchronous answer carries its images as base64, which outgrows the usual cap. */
const MAX_RESPONSE_BYTES = 33_554_432;

/** The page on error codes was not found, so a 503 proves nothing. */
const CREATE_RULES = { api: API, rejectsBy503: false };

/**
 * The guide shows the image endpoint only. The path for videos is an assumption by analogy: the guide says that videos
 * need async mode, and nowhere prints where they are created.
 */
const CREATE_PATH: Readonly<Record<EndpointKind, string>> = {
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
};

const PROMPT = { type: 'text', native: 'prompt', isRequired: true } as const;
const RULES: Readonly<Record<EndpointKind, ParameterRules>> = {
  images: {
    prompt: PROMPT,
    size: { type: 'size', native: 'size' },
    count: { type: 'integer', native: 'n', minimum: 1, maximum: 10 },
  },
  videos: { prompt: PROMPT },
};

/** Fields that stand in the body on their own account. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['model', 'must be given as model, outside of extra'],
  ['async', 'must be absent: it is always sent as true'],
  ['prompt', 'must be given as prompt, outside of extra'],
]);

/**
 * DieyuYun: OpenAI's create endpoints with `async: true`, tasks under `/v1/tasks` (async task guide of
 * https://open.dieyuyun.com, read 2026-11-21). There is no model list: any id is passed through, and `extra` joins
 * the body as it is. An answer that is finished at once is accepted as it stands. No list, no callback; cancel only
 * stops what is unfinished.
 */
export function createDieyuYun(options: ProviderOptions): Provider {
  const baseUrl = checkBaseUrl(options);
  const http = createHttpClient({ ...options, maxResponseBytes: MAX_RESPONSE_BYTES });
  const readStatus = createStatusReader(API, STATUSES);
  const toOperation = (taskId: string | null, endpoint: EndpointKind): Operation => ({
    taskId,
    baseUrl,
    endpoint,
  });
  const toWireContext = (
    context: CallContext,
    endpoint: unknown,
    prompt?: string,
  ): WireContext => ({
    readStatus,
    logger: context.logger,
    secrets: secretsOf(context, prompt),
    kind: kindOf(endpoint),
  });
  const toModel = (id: string): Model => {
    const endpoint = endpointOf(id);
    return {
      id,
      kind: kindOf(endpoint),
      parameters: toParameterSchema(RULES[endpoint], {
        extra: { type: 'object', description: "the model's own fields, sent beside the others" },
      }),
      prices: toPriceList(id, [], options),
      timing: TIMING[endpoint],
    };
  };

  return {
    name: 'dieyuyun',
    capabilities: {
      submitRepair: 'none',
      syncResultPossible: true,
      listBoundSeconds: undefined,
      listPageSize: undefined,
      readScope: 'key',
      cancelWhen: 'unfinished',
      cancelDeletesFinished: false,
      progress: 'percent',
      resultRefreshable: false,
      visibilityLagSeconds: undefined,
      chargesOnFailure: 'unknown',
      currencies: [],
    },
    models: { list: () => DOCUMENTED_MODELS.map(toModel), find: toModel },

    validate: (request) => {
      const rules = RULES[endpointOf(request.model)];
      const refuse = (field: string): string =>
        `is not a documented field of this endpoint: put the model's own field for ${field} into extra`;
      return [
        ...checkParameters(rules, request, options, refuse),
        ...checkReserved(rules, request),
        ...checkExtraUrls(request, options),
      ];
    },

    quote: (request) =>
      quotePrice(toPriceList(request.model, [], options), options.currency, toPriceFacts(request)),

    bill: (request, snapshot) =>
      billTokens(
        toPriceList(request.model, [], options),
        options.currency,
        toPriceFacts(request),
        snapshot,
        toTokens(snapshot.usage),
      ),

    submit: async (request, context) => {
      const endpoint = endpointOf(request.model);
      const wire = toWireContext(context, endpoint, request.prompt);
      const result = await http.post({
        ...context,
        url: new URL(baseUrl + CREATE_PATH[endpoint]),
        body: {
          ...request.extra,
          model: request.model,
          ...toNative(RULES[endpoint], request),
          async: true,
        },
      });
      return toSubmission(result, CREATE_RULES, wire.secrets, (json) =>
        toCreatedTask(readTask(json, wire), (id) => toOperation(id, endpoint)),
      );
    },

    read: async (operation, context) => {
      const target = toTaskOperation(operation);
      if (!hasTaskId(target)) return unreadableWithoutId(API);
      const wire = toWireContext(context, operation['endpoint']);
      const result = await http.call('GET', { ...context, url: taskUrl(target, TASKS) });
      return toReading(result, API, wire.secrets, (json) =>
        toAskedSnapshot(readTask(json, wire), target.taskId),
      );
    },

    operationOf: (taskId, request) => toOperation(taskId, endpointOf(request.model)),

    // A reply does not say which endpoint made it; the files tell what they are.
    salvage: (evidence) => salvageTask(evidence, (taskId) => ({ taskId, baseUrl })),

    cancel: async (operation, context) => {
      const target = toTaskOperation(operation);
      if (!hasTaskId(target)) {
        const message = `${API} named no id for this task; there is nothing to cancel`;
        return { outcome: 'refused', error: { code: 'request.invalid', message, details: {} } };
      }
      const url = taskUrl(target, TASKS, '/cancel');
      const result = await http.call('POST', { ...context, url });
      return toCancelAnswer(result, API, secretsOf(context));
    },
  };
}

function kindOf(endpoint: unknown): MediaKind | undefined {
  if (endpoint === 'videos') return 'video';
  return endpoint === 'images' ? 'image' : undefined;
}

function checkReserved(rules: ParameterRules, request: MediaRequest): RequestIssue[] {
  const names = new Map(RESERVED);
  for (const [field, rule] of Object.entries(rules)) {
    names.set(rule.native, `must be given as ${field}, outside of extra`);
  }
  return Object.entries(request.extra ?? {}).flatMap(([name, value]) => {
    const rule = names.get(name);
    return rule === undefined || value === undefined
      ? []
      : [{ field: `extra.${name}`, value, rule }];
  });
}
