import type { ActivityPorts } from '../../src/activities/index.ts';
import type { ArtifactStore } from '../../src/core/artifact-store.ts';

/** Where the time of one transfer goes, in seconds, in the order in which it is spent. */
export type Phases = Readonly<Record<PhaseName, number>>;

type PhaseName = 'open' | 'fetch' | 'flush' | 'check' | 'publish' | 'record';

/** What ends each phase is what begins the next. */
const ENDS: readonly PhaseName[] = ['open', 'fetch', 'flush', 'check', 'publish', 'record'];

/** Takes the time between the calls of one transfer to its ports. */
export class PhaseClock {
  readonly #ends = new Map<PhaseName, number>();
  readonly #startedAt: number = performance.now();

  /** The same ports, with an eye on their calls. */
  watch(ports: ActivityPorts): ActivityPorts {
    const { fetcher, store, inspectMedia } = ports;
    return {
      ...ports,
      fetcher: {
        fetch: (...given) => this.#timed('open', 'fetch', () => fetcher.fetch(...given)),
      },
      inspectMedia: (...given) => this.#timed('flush', 'check', () => inspectMedia(...given)),
      store: withPublish(store, (...given) =>
        this.#timed('check', 'publish', () => store.publish(...given)),
      ),
    };
  }

  /** Ends the last phase. */
  stop(): Phases {
    this.#ends.set('record', performance.now());
    let before = this.#startedAt;
    const seconds = ENDS.map((name): [PhaseName, number] => {
      const end = this.#ends.get(name) ?? before;
      const took = (end - before) / 1000;
      before = end;
      return [name, took];
    });
    return Object.fromEntries(seconds) as Phases;
  }

  async #timed<Result>(
    before: PhaseName,
    during: PhaseName,
    call: () => Promise<Result>,
  ): Promise<Result> {
    this.#ends.set(before, performance.now());
    const result = await call();
    this.#ends.set(during, performance.now());
    return result;
  }
}

/** A store keeps its own `this`: its state is private to it. */
function withPublish(store: ArtifactStore, publish: ArtifactStore['publish']): ArtifactStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'publish') return publish;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** `fetch 1.20 s, flush 0.31 s`; what took no time is left out. */
export function describePhases(phases: Phases): string {
  return Object.entries(phases)
    .filter(([, seconds]) => seconds >= 0.005)
    .map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`)
    .join(', ');
}
