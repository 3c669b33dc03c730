import type { RequestIssue } from '../../core/request-issue.ts';
import type { MediaRequest } from '../../core/job.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Model, Provider } from '../../core/provider.ts';
import { secretsOf } from '../call-secrets.ts';
import { salvageTask } from '../evidence.ts';
import { toPriceFacts } from '../extra-facts.ts';
import { createHttpClient } from '../http.ts';
import type { TaskOperation } from '../operation.ts';
import { hasTaskId, taskUrl, toTaskOperation } from '../operation.ts';
import type { ProviderOptions } from '../options.ts';
import { checkBaseUrl } from '../options.ts';
import { toParameterSchema } from '../parameter-schema.ts';
import type { ParameterRules } from '../parameters.ts';
import { checkExtraUrls } from '../extra-urls.ts';
import { checkParameters } from '../parameters.ts';
import { billTokens, quotePrice, toPriceList } from '../pricing.ts';
import { toReading, unreadableWithoutId } from '../reading.ts';
import { toSubmission } from '../submission.ts';
import { createStatusReader } from '../task-status.ts';
import { toAskedSnapshot, toCreatedTask } from '../wire-task.ts';
import { RIXAPI_CALLBACK } from './callback.ts';
import { RIXAPI_EXAMPLES, RIXAPI_TIMING } from './models.ts';
import { API, readTask, STATUSES, toTokens } from './wire.ts';

const SUBMIT = '/v1/task/submit';
const TASK = '/v1/task';

/** Nothing documented says that a 503 proves that no task was started, so it does not. */
const CREATE_RULES = { api: API, rejectsBy503: false };

const RULES: ParameterRules = { prompt: { type: 'text', native: 'input.prompt' } };

const PARAMETERS: JsonObject = toParameterSchema(RULES, {
  extra: {
    type: 'object',
    description: 'sent as input, as it is; the model page lists its fields',
  },
});

/**
 * The unified task API of the RixAPI gateway engine, which many gateways serve under their own base URL
 * (https://docs.elkapi.com/en/guides/task, read 2026-11-21). There is no schema per model: `prompt` becomes
 * `input.prompt`, `extra` is `input` as given, every other canonical field is refused. Any model id is passed through.
 * Prices come from the account only.
 */
export function createRixApi(options: ProviderOptions): Provider {
  const baseUrl = checkBaseUrl(options);
  const http = createHttpClient(options);
  const readStatus = createStatusReader(API, STATUSES);
  const toOperation = (taskId: string | null): TaskOperation & Record<string, string | null> => ({
    taskId,
    baseUrl,
  });
  const toModel = (id: string): Model => ({
    id,
    kind: RIXAPI_EXAMPLES.get(id),
    parameters: PARAMETERS,
    prices: toPriceList(id, [], options),
    timing: RIXAPI_TIMING,
  });

  return {
    name: 'rixapi',
    capabilities: {
      submitRepair: 'callback',
      syncResultPossible: false,
      listBoundSeconds: undefined,
      listPageSize: undefined,
      readScope: 'key',
      cancelWhen: undefined,
      cancelDeletesFinished: false,
      progress: 'none',
      resultRefreshable: false,
      visibilityLagSeconds: undefined,
      chargesOnFailure: 'unknown',
      currencies: ['USD'],
    },
    models: { list: () => [...RIXAPI_EXAMPLES.keys()].map(toModel), find: toModel },
    callback: RIXAPI_CALLBACK,

    validate: (request) => {
      const refuse = (field: string): string =>
        `is not passed on by ${API}: put the model's own field for ${field} into extra`;
      return [
        ...checkParameters(RULES, request, options, refuse),
        ...checkInput(request),
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
      const secrets = secretsOf(context, request.prompt);
      const { callbackUrl } = context;
      const result = await http.post({
        ...context,
        url: new URL(baseUrl + SUBMIT),
        body: {
          model: request.model,
          input: {
            ...request.extra,
            ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
          },
          ...(callbackUrl === undefined ? {} : { [RIXAPI_CALLBACK.urlField]: callbackUrl }),
        },
      });
      return toSubmission(result, CREATE_RULES, secrets, (json) =>
        toCreatedTask(readTask(json, readStatus, context.logger, secrets), toOperation),
      );
    },

    read: async (operation, context) => {
      const target = toTaskOperation(operation);
      if (!hasTaskId(target)) return unreadableWithoutId(API);
      const secrets = secretsOf(context);
      const result = await http.call('GET', { ...context, url: taskUrl(target, TASK) });
      return toReading(result, API, secrets, (json) =>
        toAskedSnapshot(readTask(json, readStatus, context.logger, secrets), target.taskId),
      );
    },

    operationOf: (taskId) => toOperation(taskId),

    salvage: (evidence) => salvageTask(evidence, toOperation),
  };
}

function checkInput(request: MediaRequest): RequestIssue[] {
  const extra = Object.entries(request.extra ?? {}).filter(([, value]) => value !== undefined);
  if (request.prompt === undefined && extra.length === 0) {
    return [{ field: 'prompt', rule: 'is required unless extra holds the input of the model' }];
  }
  return request.prompt !== undefined && request.extra?.['prompt'] !== undefined
    ? [
        {
          field: 'extra.prompt',
          value: request.extra['prompt'],
          rule: 'must be absent where prompt is given: both are input.prompt',
        },
      ]
    : [];
}
