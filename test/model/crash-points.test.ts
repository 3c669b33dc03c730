import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import type { Fault } from './world/faults.ts';
import { live, STORIES } from './world/stories.ts';
import type { Story } from './world/stories.ts';

const LONGEST_MS = 300_000;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

/** Effects of which a crash in the middle is neither one before nor one after. */
const LASTING = /^(provider|fetcher)\./;
const PAUSE_MS = 200_000;

const crash = (when: 'before' | 'during' | 'after'): Fault => ({ kind: 'crash', when });
const freeze = (when: 'before' | 'after', stopsClock: boolean): Fault => ({
  kind: 'freeze',
  when,
  pause: { forMs: PAUSE_MS, stopsClock },
});

const TROUBLES: readonly Fault[] = [
  { kind: 'unavailable', when: 'before' },
  { kind: 'unavailable', when: 'after' },
  { kind: 'lose' },
  { kind: 'delay', when: 'before', forMs: 12_000 },
  { kind: 'delay', when: 'after', forMs: 12_000 },
];
const STANDSTILLS: readonly Fault[] = [
  freeze('before', false),
  freeze('after', false),
  freeze('before', true),
];

/** A crash after one effect is a crash before the next, but for what a heartbeat does in between. */
function crashesAt(effect: string): readonly Fault[] {
  return LASTING.test(effect) ? [crash('before'), crash('during')] : [crash('before')];
}

async function effectsOf(story: Story): Promise<readonly string[]> {
  return (await live(story, { points: new Map() })).effects;
}

describe.each(STORIES)('$name', (story) => {
  it('and nothing happens twice, and nothing is lost', async () => {
    const { broken, end } = await live(story, { points: new Map() });

    expect(broken).toEqual([]);
    expect(end).toBe(story.end ?? 'succeeded');
  });

  it(
    'through a crash at any effect',
    async () => {
      const broken: string[] = [];
      for (const [index, effect] of (await effectsOf(story)).entries()) {
        for (const fault of [...crashesAt(effect), crash('after')]) {
          for (const isHeartbeatDelivered of [true, false]) {
            const points = new Map([[index, fault]]);
            broken.push(...(await live(story, { points, isHeartbeatDelivered })).broken);
          }
        }
      }

      expect(broken).toEqual([]);
    },
    LONGEST_MS,
  );

  it(
    'through a failure or a delay of any effect',
    async () => {
      const broken: string[] = [];
      for (const index of (await effectsOf(story)).keys()) {
        for (const fault of TROUBLES) {
          broken.push(...(await live(story, { points: new Map([[index, fault]]) })).broken);
        }
      }

      expect(broken).toEqual([]);
    },
    LONGEST_MS,
  );

  it(
    'through a process that stands still at any effect while another goes on',
    async () => {
      const broken: string[] = [];
      for (const index of (await effectsOf(story)).keys()) {
        for (const fault of STANDSTILLS) {
          const points = new Map([[index, fault]]);
          broken.push(...(await live(story, { points, hosts: 2 })).broken);
        }
      }

      expect(broken).toEqual([]);
    },
    LONGEST_MS,
  );

  it(
    'through two crashes at any two effects',
    async () => {
      const broken: string[] = [];
      for (const [index, effect] of (await effectsOf(story)).entries()) {
        const isHeartbeatDelivered = index % 2 === 0;
        for (const first of crashesAt(effect)) {
          const points = new Map([[index, first]]);
          const { effects } = await live(story, { points, isHeartbeatDelivered });
          for (const [later, next] of effects.entries()) {
            if (later <= index) continue;
            for (const second of crashesAt(next)) {
              points.set(later, second);
              broken.push(...(await live(story, { points, isHeartbeatDelivered })).broken);
              points.delete(later);
            }
          }
        }
      }

      expect(broken).toEqual([]);
    },
    LONGEST_MS,
  );
});
