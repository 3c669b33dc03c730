import type { ActivityPorts } from '../../../src/activities/index.ts';
import type { AccountDirectory } from '../../../src/core/accounts.ts';
import type { Budget } from '../../../src/core/budget.ts';
import { ProviderError, RequestError } from '../../../src/core/errors.ts';
import type { JobInput } from '../../../src/core/job.ts';
import type { Ledger } from '../../../src/core/ledger.ts';
import { SILENT } from '../../../src/core/logger.ts';
import type { InspectMedia, MediaFetcher } from '../../../src/core/media.ts';
import { PLAIN } from '../../../src/core/sealer.ts';
import type { Spool } from '../../../src/core/spool.ts';
import { NOTHING_KNOWN } from '../../installation/nothing-known.ts';
import type { Perform, WorkerProcess } from '../temporal/worker-process.ts';
import type { Faults } from './faults.ts';
import type { MemoryStore } from './memory-store.ts';
import type { ProviderService } from './provider-service.ts';
import { mediaOf, secondsOf } from './provider-service.ts';

export interface PortsOptions {
  readonly process: WorkerProcess;
  readonly perform: Perform;
  readonly faults: () => Faults;
  readonly accounts: AccountDirectory;
  readonly ledger: Ledger;
  readonly spool: Spool;
  readonly store: MemoryStore;
  readonly budgets: readonly Budget[];
  /** Finds the service that serves a result host. */
  readonly serviceOf: (taskId: string) => ProviderService | undefined;
}

const STORE_MEMBERS = [
  'openTemporary',
  'resumeTemporary',
  'publish',
  'head',
  'open',
  'remove',
] as const;
const SPOOL_MEMBERS = ['append', 'records', 'remove', 'probe'] as const;
/** Members that no activity calls, or that give no promise. */
const NOT_GUARDED: ReadonlySet<string> = new Set(['rows', 'check', 'close']);

/** The ports of one process. Every call that leaves the process may go wrong. */
export function createPorts(options: PortsOptions): Omit<ActivityPorts, 'gate'> {
  const { process, perform, accounts, ledger, spool, store, budgets } = options;
  const guard = <T extends object>(
    port: string,
    target: T,
    members: readonly (keyof T & string)[],
  ): T => guarded(process, perform, port, target, members);
  return {
    accounts,
    ledger: guard('ledger', ledger, ledgerMembers(ledger)),
    budgets,
    spool: guard('spool', spool, SPOOL_MEMBERS),
    store: Object.assign(guard('store', store, STORE_MEMBERS), {
      list: (prefix: string) => store.list(prefix),
      urlOf: (key: string) => store.urlOf(key),
    }),
    sealer: PLAIN,
    durations: NOTHING_KNOWN,
    fetcher: createFetcher(options),
    inspectMedia,
    parseJobInput,
    clock: () => process.wallMs(),
    worker: process.name,
    isStopping: () => process.isStopping,
    logger: SILENT,
  };
}

function ledgerMembers(ledger: Ledger): readonly (keyof Ledger)[] {
  return (Object.keys(ledger) as (keyof Ledger)[]).filter((name) => !NOT_GUARDED.has(name));
}

type Member = (...args: readonly unknown[]) => Promise<unknown>;

/** The members that a process calls, each behind {@link Perform}. Any other is a gap in the list, and throws. */
function guarded<T extends object>(
  process: WorkerProcess,
  perform: Perform,
  port: string,
  target: T,
  members: readonly (keyof T & string)[],
): T {
  const wrapped: Record<string, Member> = {};
  for (const name of members) {
    const member = target[name] as Member;
    const effect = `${port}.${name}`;
    wrapped[name] = (...args) => perform(process, effect, () => member.apply(target, [...args]));
  }
  return wrapped as T;
}

function createFetcher({ process, perform, faults, serviceOf }: PortsOptions): MediaFetcher {
  return {
    fetch: (url, { resume }, receiver) =>
      perform(process, 'fetcher.fetch', async () => {
        const [taskId = '', index = ''] = new URL(url).pathname.slice(1).split('/');
        const service = serviceOf(taskId);
        const create = service?.find(taskId);
        const fate = faults().fetch();
        await process.sleep(50);
        const isThere = create !== undefined && service?.isUrlAlive(create) === true;
        if (!isThere || fate === 'gone') {
          throw new ProviderError('provider.output_expired', `status 404 for output ${index}`);
        }
        const bytes = mediaOf(create, Number(index));
        const { host: origin } = new URL(url);
        const entityTag = `"${taskId}-${index}"`;
        const offset = resume?.entityTag === entityTag ? resume.offset : 0;
        await receiver.begin({ offset, sizeBytes: bytes.length, origin, entityTag });
        const middle = Math.max(offset, bytes.length / 2);
        await receiver.write(bytes.subarray(offset, middle));
        if (fate === 'unavailable') {
          throw new ProviderError('provider.unavailable', 'the result host went away');
        }
        if (fate === 'whole') await receiver.write(bytes.subarray(middle));
        return { sizeBytes: bytes.length, contentType: 'video/mp4' };
      }),
  };
}

const inspectMedia: InspectMedia = async (bytes) => {
  const seconds = secondsOf(await bytes.read(0, bytes.sizeBytes));
  if (seconds === undefined) return { outcome: 'broken', found: 'truncated', detail: 'no end' };
  return {
    outcome: 'whole',
    facts: {
      kind: 'video',
      mediaType: 'video/mp4',
      extension: 'mp4',
      width: 1280,
      height: 720,
      durationSeconds: seconds,
      codec: null,
      framesPerSecond: null,
      frames: null,
      doubts: [],
    },
  };
};

function parseJobInput(value: unknown): JobInput {
  if (typeof value === 'object' && value !== null && 'request' in value) return value as JobInput;
  throw new RequestError('request.invalid', 'the input has no request');
}
