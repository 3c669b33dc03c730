import type { CallContext, Model, Provider } from '../../core/provider.ts';
import { secretsOf } from '../call-secrets.ts';
import { salvageTask } from '../evidence.ts';
import { createHttpClient } from '../http.ts';
import type { TaskOperation } from '../operation.ts';
import { hasTaskId, taskUrl, toTaskOperation } from '../operation.ts';
import type { ProviderOptions } from '../options.ts';
import { checkBaseUrl } from '../options.ts';
import { checkExtra, checkParameters, toNative } from '../parameters.ts';
import { toParameterSchema } from '../parameter-schema.ts';
import { quotePrice, toPriceList } from '../pricing.ts';
import { toListAnswer, toReading, unreadableWithoutId } from '../reading.ts';
import { toSubmission } from '../submission.ts';
import { createStatusReader } from '../task-status.ts';
import { toAskedSnapshot, toCreatedTask } from '../wire-task.ts';
import type { NexusFlowModel } from './models.ts';
import { NEXUSFLOW_MODELS } from './models.ts';
import type { WireContext } from './wire.ts';
import { API, readList, readTask, STATUSES } from './wire.ts';

const TASKS = '/v1/tasks';
const MAX_LIST = 100;
const DEFAULT_RESOLUTION = '720P';

/**
 * The error page calls 503 "overloaded" and tells callers to repeat. That no task was started follows from this; it is
 * not printed.
 */
const CREATE_RULES = { api: API, rejectsBy503: true };

/**
 * NexusFlow, `/v1/tasks` (https://nexusflow.vip/docs/api/tasks, `/videos`, `/happyhorse`, read 2026-11-21).
 * A read needs the key that created the task; the list shows the realm's newest 100. No cancel, no callback.
 * `quote` prices a request with `durationSeconds` by exactly that, also where the model does not take the field, so
 * that a finished file's own length can be priced.
 */
export function createNexusFlow(options: ProviderOptions): Provider {
  const baseUrl = checkBaseUrl(options);
  const http = createHttpClient(options);
  const readStatus = createStatusReader(API, STATUSES);
  const entries = new Map(
    NEXUSFLOW_MODELS.map((entry) => [entry.id, { entry, model: toModel(entry, options) }]),
  );
  const toWireContext = (context: CallContext, ...texts: (string | undefined)[]): WireContext => ({
    readStatus,
    logger: context.logger,
    secrets: secretsOf(context, ...texts),
  });
  const toOperation = (taskId: string | null): TaskOperation & Record<string, string | null> => ({
    taskId,
    baseUrl,
  });

  return {
    name: 'nexusflow',
    capabilities: {
      submitRepair: 'list-by-position',
      syncResultPossible: true,
      listBoundSeconds: undefined,
      listPageSize: MAX_LIST,
      readScope: 'key',
      cancelWhen: undefined,
      cancelDeletesFinished: false,
      progress: 'synthetic',
      resultRefreshable: false,
      visibilityLagSeconds: undefined,
      chargesOnFailure: 'no',
      currencies: ['USD', 'CNY'],
    },
    models: {
      list: () => [...entries.values()].map(({ model }) => model),
      find: (id) => entries.get(id)?.model,
    },

    validate: (request) => {
      const known = entries.get(request.model);
      if (known === undefined) {
        const rule = `must be one of ${[...entries.keys()].join(', ')}`;
        return [{ field: 'model', value: request.model, rule }];
      }
      const { id, rules } = known.entry;
      const refuse = (): string =>
        `is not a parameter of ${id}, which takes ${Object.keys(rules).join(', ')}`;
      return [
        ...checkParameters(rules, request, options, refuse),
        ...checkExtra(rules, request, refuse),
      ];
    },

    quote: (request) => {
      const known = entries.get(request.model);
      if (known === undefined) return undefined;
      const { billedSeconds } = known.entry;
      return quotePrice(known.model.prices, options.currency, {
        seconds: request.durationSeconds ?? billedSeconds.seconds,
        isUpperBound: request.durationSeconds === undefined && billedSeconds.isUpperBound,
        items: request.count ?? 1,
        resolution: request.resolution ?? DEFAULT_RESOLUTION,
        ...(request.audio === undefined ? {} : { audio: request.audio }),
      });
    },

    submit: async (request, context) => {
      const wire = toWireContext(context, request.prompt, request.negativePrompt);
      const rules = entries.get(request.model)?.entry.rules ?? {};
      const result = await http.post({
        ...context,
        url: new URL(baseUrl + TASKS),
        body: { model: request.model, ...toNative(rules, request) },
      });
      return toSubmission(result, CREATE_RULES, wire.secrets, (json) =>
        toCreatedTask(readTask(json, wire), toOperation),
      );
    },

    read: async (operation, context) => {
      const target = toTaskOperation(operation);
      if (!hasTaskId(target)) return unreadableWithoutId(API);
      const wire = toWireContext(context);
      const result = await http.call('GET', { ...context, url: taskUrl(target, TASKS) });
      return toReading(result, API, wire.secrets, (json) =>
        toAskedSnapshot(readTask(json, wire), target.taskId),
      );
    },

    operationOf: (taskId) => toOperation(taskId),

    salvage: (evidence) => salvageTask(evidence, toOperation),

    list: async (window, context) => {
      const limit = Math.min(MAX_LIST, Math.max(1, Math.trunc(window.limit)));
      const wire = toWireContext(context);
      const result = await http.call('GET', {
        ...context,
        url: new URL(`${baseUrl}${TASKS}?limit=${limit}`),
      });
      return toListAnswer(result, API, wire.secrets, (json) => readList(json, limit, wire));
    },
  };
}

function toModel(entry: NexusFlowModel, options: ProviderOptions): Model {
  return {
    id: entry.id,
    kind: entry.kind,
    parameters: toParameterSchema(entry.rules),
    prices: toPriceList(entry.id, entry.prices, options),
    timing: entry.timing,
  };
}
