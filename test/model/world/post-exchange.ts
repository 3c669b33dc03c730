import type { Submission } from '../../../src/core/provider.ts';
import type { PostFate } from './faults.ts';
import type { ProviderModelOptions } from './provider-model.ts';
import { report } from './provider-model.ts';
import type { Create, Sender, TaskScript } from './provider-service.ts';
import { mediaOf } from './provider-service.ts';

const FINISHED = 'accepted, finished in the reply';

/** Longest time between a POST and its acceptance where it comes late. Milliseconds. */
export const LATEST_ACCEPTANCE_MS = 90_000;

/**
 * What follows the first byte of a POST. The provider goes on whatever becomes of the sender; the sender hears of it, or
 * its deadline ends the wait.
 */
export function exchange(
  options: ProviderModelOptions,
  sender: Sender,
  fate: PostFate,
  signal: AbortSignal,
): Promise<Submission> {
  return new Promise((resolve) => {
    const unknown = (reason: string, more: { httpStatus?: number; body?: string } = {}): void =>
      resolve({ outcome: 'unknown', evidence: { reason, ...more } });
    if (signal.aborted) {
      const error = report('provider.unavailable', 'no time was left', { reason: 'not_sent' });
      resolve({ outcome: 'rejected', error });
      return;
    }
    signal.addEventListener('abort', () => unknown('no complete answer in time'), { once: true });
    const { random, time, service } = options;
    service.receive(sender);
    const arrivesMs = random.integer(10, 1_500);
    const repliesMs = arrivesMs + random.integer(10, 1_500);
    const reply = (run: (create: Create) => void): void => {
      time.after(arrivesMs, () => {
        // Where the list shows every task in time, it shows this one, too.
        const isFinished = fate === FINISHED && options.api !== 'lists in time';
        const script = scriptOf(options, sender);
        const create = isFinished
          ? service.accept(sender, { ...script, end: 'succeeded' }, false)
          : service.accept(sender, script);
        announce(options, create);
        time.after(repliesMs - arrivesMs, () => run(create));
      });
    };
    const refuse = (submission: Submission): void => {
      time.after(repliesMs, () => resolve(submission));
    };
    switch (fate) {
      case 'accepted':
        reply((create) => resolve(toAccepted(create, service.snapshot(create))));
        return;
      case FINISHED:
        reply((create) =>
          resolve(
            create.isListed ? toAccepted(create, service.snapshot(create)) : toFinished(create),
          ),
        );
        return;
      case 'accepted, reply lost':
        reply(() => undefined);
        return;
      case 'accepted, connection reset':
        reply(() => undefined);
        time.after(random.integer(1, repliesMs), () => unknown('the connection was reset'));
        return;
      case 'accepted, reply cut after the id':
        reply((create) =>
          unknown('the reply was cut', { httpStatus: 200, body: `{"id":"${create.taskId}",` }),
        );
        return;
      case 'accepted, reply cut before the id':
        reply(() => unknown('the reply was cut', { httpStatus: 200, body: '{"id":"' }));
        return;
      case 'accepted, reply unreadable':
        reply(() => unknown('the reply is unreadable', { httpStatus: 200, body: '<html>' }));
        return;
      case 'accepted, server error':
        reply(() => unknown('status 500', { httpStatus: 500 }));
        return;
      case 'accepted late':
        time.after(random.integer(repliesMs, LATEST_ACCEPTANCE_MS), () => {
          announce(options, service.accept(sender, scriptOf(options, sender)));
        });
        if (random.chance(0.5)) time.after(repliesMs, () => unknown('the connection was reset'));
        return;
      case 'rate limited':
        refuse({
          outcome: 'rejected',
          error: report('provider.rate_limited', 'status 429'),
          ...(random.chance(0.5) ? { retryAfterMs: random.integer(1, 20) * 1_000 } : {}),
        });
        return;
      case 'no capacity':
        refuse({ outcome: 'rejected', error: report('provider.unavailable', 'status 503') });
        return;
      case 'out of credit':
        refuse({ outcome: 'rejected', error: report('provider.out_of_credit', 'status 402') });
        return;
      case 'content refused':
        refuse({ outcome: 'rejected', error: report('request.content_refused', 'status 422') });
        return;
      case 'server error':
        time.after(repliesMs, () => unknown('status 500', { httpStatus: 500 }));
        return;
      case 'lost on the way':
        time.after(repliesMs, () => unknown('the connection was reset'));
        return;
      case 'hangs for ever':
        return;
      case 'connection refused':
      case 'connection times out':
        throw new Error('nothing is exchanged without a connection');
    }
  });
}

function toAccepted(
  create: Create,
  snapshot: ReturnType<ProviderModelOptions['service']['snapshot']>,
): Submission {
  const { taskId } = create;
  return { outcome: 'accepted', taskId, operation: { id: taskId }, snapshot };
}

/** The reply is all there is: no id, and the bytes themselves. */
function toFinished(create: Create): Submission {
  const outputs = Array.from({ length: create.script.outputs }, (_, index) => ({
    source: 'inline' as const,
    base64: Buffer.from(mediaOf(create, index)).toString('base64'),
    kind: 'video' as const,
  }));
  const snapshot = { status: 'succeeded', providerStatus: 'SUCCESS', outputs } as const;
  return { outcome: 'accepted', taskId: undefined, operation: {}, snapshot };
}

function announce(options: ProviderModelOptions, create: Create): void {
  if (options.api !== 'calls back' || !create.isListed) return;
  const { jobId, number, taskId, script } = create;
  const { random, time } = options;
  const moments = [random.integer(100, 5_000), script.runsForMs + random.integer(100, 5_000)];
  for (const delayMs of moments) {
    if (random.chance(0.3)) continue;
    time.after(delayMs, () => options.notify(jobId, number, taskId));
    if (random.chance(0.2)) time.after(delayMs + 7, () => options.notify(jobId, number, taskId));
  }
}

function scriptOf(options: ProviderModelOptions, sender: Sender): TaskScript {
  const { random, api, script } = options;
  if (script !== undefined) return script(sender);
  const draw = random.next();
  const end =
    draw < 0.85
      ? 'succeeded'
      : draw < 0.92
        ? 'failed'
        : draw < 0.97
          ? 'failed without proof'
          : 'expired';
  return {
    end,
    runsForMs: random.integer(500, 40_000),
    outputs: random.chance(0.1) ? 2 : 1,
    seconds: random.integer(2, 10),
    listLagMs: listLagMs(random, api),
    readLagMs: random.chance(0.1) ? random.integer(100, 10_000) : 0,
  };
}

/** Where a bound is declared it holds from the POST on; elsewhere the list may lag as long as it likes. */
function listLagMs(
  random: ProviderModelOptions['random'],
  api: ProviderModelOptions['api'],
): number {
  if (random.chance(0.7)) return 0;
  return api === 'lists in time' ? random.integer(0, 20_000) : random.integer(0, 120_000);
}
