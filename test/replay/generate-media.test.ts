import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const ROOT = join(__dirname, '..', '..');
const HISTORIES = join(ROOT, 'test', 'histories', 'generateMedia');
const workflowBundle = { codePath: join(ROOT, 'dist', 'workflow-bundle.js') };

type HistoryEvent = Record<string, unknown> & { readonly eventType: string };
interface History {
  readonly events: readonly HistoryEvent[];
}

const files = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

function readHistory(name: string): History {
  return JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')) as History;
}

async function replay(history: History, story: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle }, history, `job/${story}`);
}

const storyOf = (name: string): string => name.replace(/^[0-9.]+-/, '').replace(/\.json$/, '');

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'off', forward: {} } },
  });
});

describe('the histories of released stories', () => {
  it('are there to be replayed', () => {
    expect(files.length).toBeGreaterThanOrEqual(14);
  });

  it.each(files)('%s still replays', async (name) => {
    await expect(replay(readHistory(name), storyOf(name))).resolves.toBeUndefined();
  });

  it('a tampered history, in which another activity was scheduled, is refused', async () => {
    const name = '0.1.0-succeeded-video.json';
    const history = readHistory(name);
    const events = history.events.map((event) =>
      event.eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED'
        ? {
            ...event,
            activityTaskScheduledEventAttributes: {
              ...(event['activityTaskScheduledEventAttributes'] as object),
              activityType: { name: 'somethingElse' },
            },
          }
        : event,
    );

    await expect(replay({ events }, storyOf(name))).rejects.toThrow(/[Nn]ondeterminism/);
  });
});
