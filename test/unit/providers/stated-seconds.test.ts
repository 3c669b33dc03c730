import type { JsonValue } from '../../../src/core/json.ts';
import type { Reading } from '../../../src/core/provider.ts';
import { createNexusFlow } from '../../../src/providers/nexusflow/index.ts';
import { watchCalls } from '../../contract/suites/provider-calls.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';

async function readWith(usage: JsonValue, status = 'succeeded'): Promise<Reading> {
  const output = { video_url: 'https://cdn.example.com/a.mp4', usage };
  const server = await startScriptedServer(jsonReply(200, { id: 'task_1', status, output }));
  const provider = createNexusFlow({
    baseUrl: server.baseUrl,
    currency: 'USD',
    prices: new Map(),
    allowPrivateHosts: true,
  });
  try {
    const operation = provider.operationOf('task_1', { model: 'wan2.6-t2v' });
    return await watchCalls(provider).read(operation);
  } finally {
    await server.close();
  }
}

describe('the seconds that the upstream of NexusFlow states', () => {
  it.each([
    [{ output_video_duration: 5.04, duration: 12, input_video_duration: 7 }, 5.04],
    [{ video_duration: 5 }, 5],
    [{ duration: 5 }, 5],
    [{ duration: 5, input_video_duration: 0 }, 5],
  ])('are those of the output: %j states %p', async (usage, statedSeconds) => {
    expect(await readWith(usage)).toMatchObject({ snapshot: { statedSeconds, usage } });
  });

  it.each<[JsonValue]>([
    [{ duration: 12, input_video_duration: 7 }],
    [{ duration: '5' }],
    [{ duration: 0 }],
    [{ duration: -5 }],
    [{}],
    [null],
    ['5'],
    [[5]],
  ])('are none in %j', async (usage) => {
    const reading = await readWith(usage);

    expect(reading).toMatchObject({ snapshot: { status: 'succeeded' } });
    expect(reading).not.toHaveProperty('snapshot.statedSeconds');
  });

  it('are none of a task that has not succeeded', async () => {
    expect(await readWith({ duration: 5 }, 'running')).not.toHaveProperty('snapshot.statedSeconds');
  });
});
