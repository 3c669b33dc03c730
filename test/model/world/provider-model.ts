import type { Account } from '../../../src/core/account.ts';
import type { ErrorReport } from '../../../src/core/errors.ts';
import type { MediaRequest } from '../../../src/core/job.ts';
import type { Quote } from '../../../src/core/money.ts';
import { multiplyByThousandths, toMicros } from '../../../src/core/money.ts';
import type {
  CallContext,
  Model,
  Operation,
  Provider,
  ReadTrouble,
  Submission,
  SubmitContext,
  TaskSummary,
} from '../../../src/core/provider.ts';
import type { Random } from '../random.ts';
import { Attempt } from '../temporal/attempt.ts';
import { currentContext } from '../temporal/context.ts';
import type { Perform } from '../temporal/worker-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { CallFate, Faults, PostFate } from './faults.ts';
import { exchange } from './post-exchange.ts';
import type { ProviderService, Sender, TaskScript } from './provider-service.ts';

/** The kinds of API that the adapters stand for. */
export type ApiKind =
  /** Lists by position, absence proves nothing, reads by key; as NexusFlow. */
  | 'lists'
  /** Lists, and declares how soon a task is in its list. */
  | 'lists in time'
  /** Tells by callback; as RixAPI. */
  | 'calls back'
  /** Cancels, and a cancel of a finished task destroys it; as DieyuYun. */
  | 'cancels';

export const LIST_BOUND_SECONDS = 120;
const PRICE_MICROS = '90000';
const MAX_SECONDS = 15;

export interface ProviderModelOptions {
  readonly api: ApiKind;
  readonly account: () => Account;
  readonly service: ProviderService;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly faults: () => Faults;
  readonly perform: Perform;
  readonly listPageSize: number;
  readonly script: ((sender: Sender) => TaskScript) | undefined;
  /** The identity in a true run. */
  readonly listed: (tasks: readonly TaskSummary[]) => readonly TaskSummary[];
  readonly onPost: (fate: PostFate) => void;
  /** Tells the callback receiver; only where the API calls back. */
  readonly notify: (jobId: string, number: number, taskId: string) => void;
}

/** The Provider port over {@link ProviderService}, with a wire on which everything may go wrong. */
export function createProviderModel(options: ProviderModelOptions): Provider {
  const { api, service } = options;
  const canList = api === 'lists' || api === 'lists in time';
  const base: Provider = {
    name: 'nexusflow',
    capabilities: {
      submitRepair: canList ? 'list-by-position' : api === 'calls back' ? 'callback' : 'none',
      syncResultPossible: true,
      listBoundSeconds: api === 'lists in time' ? LIST_BOUND_SECONDS : undefined,
      listPageSize: canList ? options.listPageSize : undefined,
      readScope: 'key',
      cancelWhen: api === 'cancels' ? 'unfinished' : undefined,
      cancelDeletesFinished: api === 'cancels',
      progress: 'percent',
      resultRefreshable: false,
      visibilityLagSeconds: undefined,
      chargesOnFailure: 'no',
      currencies: ['USD'],
    },
    models: { list: () => [toModel('video')], find: toModel },
    validate: () => [],
    quote,
    submit: (request, context) => submit(options, request, context),
    read: (operation, context) =>
      call(options, context, 'read', (fate) => {
        if (fate !== 'answered') return trouble(toTrouble(fate));
        const snapshot = service.read(idOf(operation), options.account().keyId);
        return snapshot === undefined ? trouble('task_missing') : { outcome: 'read', snapshot };
      }),
    operationOf: (taskId) => ({ id: taskId }),
    salvage: ({ body }) => {
      const taskId = /"id":"(?<id>[^"]+)"/.exec(body ?? '')?.groups?.['id'];
      return taskId === undefined ? undefined : { taskId, operation: { id: taskId } };
    },
  };
  if (canList) {
    return {
      ...base,
      list: ({ limit }, context) =>
        call(options, context, 'list', (fate) => {
          const error = report('provider.unavailable', `list: ${fate}`);
          if (fate !== 'answered') return { outcome: 'trouble', error };
          const { tasks, isWholePage } = service.list(Math.min(limit, options.listPageSize));
          return { outcome: 'listed', tasks: options.listed(tasks), isWholePage };
        }),
    };
  }
  if (api !== 'cancels') return base;
  return {
    ...base,
    cancel: (operation, context) => {
      // As with a POST: between the last look and the first byte nothing befalls the process.
      const answer = context.signal.aborted ? 'refused' : service.cancel(idOf(operation));
      return call(options, context, 'cancel', (fate) => {
        const error = report('provider.unavailable', `cancel: ${fate}`);
        if (fate !== 'answered') return { outcome: 'trouble', error };
        return answer === 'requested' ? { outcome: 'requested' } : { outcome: 'refused', error };
      });
    },
  };
}

function toModel(id: string): Model {
  return { id, kind: 'video', parameters: {}, prices: [], timing: {} };
}

/** Model `edit` bills what the file shows: its quote is an upper bound until then. */
function quote({ model, durationSeconds }: MediaRequest): Quote | undefined {
  if (model === 'unpriced') return undefined;
  const isEstimate = model === 'edit' && durationSeconds === undefined;
  const seconds = isEstimate ? MAX_SECONDS : (durationSeconds ?? 5);
  const micros = multiplyByThousandths(toMicros(PRICE_MICROS), Math.round(seconds * 1000));
  return {
    currency: 'USD',
    micros: micros.toString(),
    basis: `${seconds} s × ${PRICE_MICROS} micros/s`,
    priceSource: 'the model, 2026-11-21',
    estimated: isEstimate,
  };
}

async function submit(
  options: ProviderModelOptions,
  request: MediaRequest,
  context: SubmitContext,
): Promise<Submission> {
  const attempt = requireAttempt();
  const fate = options.faults().post(options.account().name);
  options.onPost(fate);
  await options.perform(attempt.worker, 'provider.connect', async () => {
    if (fate === 'connection times out') await attempt.sleep(Math.min(10_000, context.timeoutMs));
  });
  if (fate === 'connection refused' || fate === 'connection times out') return notSent(fate);
  const maySend = !context.signal.aborted && (await context.lastCheck());
  if (!maySend || isAborted(context)) return notSent('the last check said no');
  const { jobId, number } = attempt.task.command.args[0] as { jobId: string; number: number };
  const { keyId } = options.account();
  const sender = { jobId, number, keyId, model: request.model };
  // From here on the bytes are on their way, whatever becomes of the process.
  const send = (): Promise<Submission> => exchange(options, sender, fate, context.signal);
  if (options.api !== 'lists in time') {
    return await options.perform(attempt.worker, 'provider.post', send);
  }
  // A process that stands still between its last look and its first byte sends late: no check can close this window,
  // and a bound from POST to list counts on it being short. So nothing befalls the process just here.
  const reply = send();
  return await options.perform(attempt.worker, 'provider.post', () => reply);
}

function requireAttempt(): Attempt {
  const context = currentContext();
  if (context instanceof Attempt) return context;
  throw new Error('only an activity calls the provider');
}

function notSent(why: string): Submission {
  const error = report('provider.unavailable', `nothing was sent: ${why}`, { reason: 'not_sent' });
  return { outcome: 'rejected', error };
}

/** One call that asks: on the wire for a moment, ended by its signal. */
async function call<T>(
  { perform, faults, random }: ProviderModelOptions,
  { signal }: CallContext,
  name: string,
  answer: (fate: CallFate) => T,
): Promise<T> {
  const attempt = requireAttempt();
  return await perform(attempt.worker, `provider.${name}`, async () => {
    const fate = faults().call();
    await attempt.sleep(random.integer(10, 300));
    return answer(signal.aborted ? 'unavailable' : fate);
  });
}

function toTrouble(fate: Exclude<CallFate, 'answered'>): ReadTrouble {
  return fate === 'unavailable' ? 'provider_unavailable' : fate;
}

function trouble(kind: ReadTrouble) {
  const error = report('provider.unavailable', `read: ${kind}`);
  return { outcome: 'trouble', trouble: kind, error } as const;
}

export function report(
  code: ErrorReport['code'],
  message: string,
  details: ErrorReport['details'] = {},
): ErrorReport {
  return { code, message, details };
}

function idOf({ id }: Operation): string {
  return typeof id === 'string' ? id : '';
}

/** Asked again after a wait: the signal may have been raised meanwhile. */
function isAborted({ signal }: CallContext): boolean {
  return signal.aborted;
}
