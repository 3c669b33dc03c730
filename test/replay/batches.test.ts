import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const ROOT = join(__dirname, '..', '..');
const workflowBundle = { codePath: join(ROOT, 'dist', 'workflow-bundle.js') };

interface History {
  readonly events: readonly {
    readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
  }[];
}

const files = ['runBatch', 'runBatchPage'].flatMap((type) =>
  readdirSync(join(ROOT, 'test', 'histories', type)).map((name) => `${type}/${name}`),
);

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'off', forward: {} } },
  });
});

describe('the histories of batches and their pages', () => {
  it('are there to be replayed', () => {
    expect(files.length).toBeGreaterThanOrEqual(7);
  });

  it.each(files)('%s still replays', async (name) => {
    const text = readFileSync(join(ROOT, 'test', 'histories', name), 'utf8');
    const history = JSON.parse(text) as History;
    const workflowId = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';

    const replayed = Worker.runReplayHistory({ workflowBundle }, history, workflowId);

    await expect(replayed).resolves.toBeUndefined();
  });
});
