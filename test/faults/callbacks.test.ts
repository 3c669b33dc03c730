import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { CallbackTarget } from '../../src/core/callbacks.ts';
import type { JobHandle } from '../../src/index.ts';
import { until } from '../installation/until.ts';
import { forgetWorkflow } from '../installation/workflow-of.ts';
import type { CallbackScene } from './scenes/callback-scene.ts';
import { openCallbackScene } from './scenes/callback-scene.ts';

/** Longer than the test waits: whoever is read before this was woken. */
const PATIENT = { firstPollSeconds: 600, minPollSeconds: 0.2, maxPollSeconds: 600 };

let scene: CallbackScene;
let receiver: ChildCommand;

/** `gateway` is read when a callback comes, `impatient` by itself. */
beforeAll(async () => {
  scene = await openCallbackScene({
    isDurable: true,
    simulator: { durationsMs: { image: [800, 1_200], video: [800, 1_200] } },
    accounts: {
      gateway: { provider: 'rixapi', timing: PATIENT },
      impatient: { provider: 'rixapi' },
    },
  });
  receiver = await scene.startReceiver();
  await scene.installation.startWorker();
}, 120_000);

afterAll(() => scene.close());

function start(jobId: string, account = 'gateway'): Promise<JobHandle> {
  return scene.installation.client.start(
    { model: `${account}/kling-v2`, prompt: jobId },
    { jobId },
  );
}

function readingsOf(jobId: string): number {
  const { creates, simulator } = scene.installation;
  const tasks = creates(jobId).map(({ taskId }) => taskId);
  return simulator.log().filter(({ kind, taskId }) => kind === 'read' && tasks.includes(taskId))
    .length;
}

/** As the gateway sends them. */
async function send(
  target: Partial<CallbackTarget> & { readonly jobId: string },
  body: string,
): Promise<Response> {
  const url = scene.urls({ account: 'gateway', number: 1, ...target });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response;
}

const bodyOf = (status: string, taskId = 'task_of_nobody'): string =>
  JSON.stringify({ id: taskId, status });

describe('[F16] a job whose provider announces its end', () => {
  it('is read at most twice', async () => {
    const job = await start('announced');

    expect(await job.result()).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(readingsOf('announced')).toBeLessThanOrEqual(2);
    expect(scene.installation.creates('announced')).toHaveLength(1);
  });

  it('learns its task from the callback where the answer to its create was lost', async () => {
    const fault = { kind: 'drop_reply' } as const;
    scene.installation.simulator.addFaults([{ operation: 'create', match: 'lost', fault }]);

    const job = await start('lost');

    const [create, ...others] = await until('the create', () => {
      const creates = scene.installation.creates('lost');
      return creates.length > 0 && creates;
    });
    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId: create?.taskId });
    expect(others).toEqual([]);
  });

  it('believes nothing of what a callback says of the result', async () => {
    const fault = { kind: 'stuck_task' } as const;
    scene.installation.simulator.addFaults([{ operation: 'create', match: 'lied-to', fault }]);
    const job = await start('lied-to');
    await until('the task', () => scene.installation.creates('lied-to').length === 1);
    const [create] = scene.installation.creates('lied-to');

    const lies = [
      await send({ jobId: 'lied-to' }, bodyOf('completed', create?.taskId)),
      await send({ jobId: 'lied-to' }, bodyOf('failed', create?.taskId)),
      await send({ jobId: 'lied-to', number: 7 }, bodyOf('failed')),
      await send({ jobId: 'lied-to' }, 'no JSON'),
    ];
    await until('a reading', () => readingsOf('lied-to') > 0);

    expect(lies.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect((await job.state()).status).toMatch(/^(queued|running)$/);
    const finish = `${scene.installation.simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });
    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId: create?.taskId });
  });

  it('that has ended, or is forgotten, takes no harm of callbacks that come late', async () => {
    const job = await start('ended');
    const result = await job.result();
    const signals = await scene.signalsOf('ended');

    const late = await send({ jobId: 'ended' }, bodyOf('failed'));
    expect(await scene.signalsOf('ended')).toBe(signals);
    await forgetWorkflow(scene.installation, 'ended');
    const later = await send({ jobId: 'ended' }, bodyOf('completed'));

    expect([late.status, later.status]).toEqual([202, 202]);
    expect(result.status).toBe('succeeded');
    const recorded = await scene.installation.pollux('jobs', 'show', 'ended', '--json');
    expect(JSON.parse(recorded.stdout)).toMatchObject({ status: 'succeeded', cost: result.cost });
  });
});

describe('[F16] a callback that cannot be handed over', () => {
  it('is answered 503 while Temporal is away, and accepted once it is back', async () => {
    const fault = { kind: 'stuck_task' } as const;
    scene.installation.simulator.addFaults([{ operation: 'create', match: 'cut-off', fault }]);
    const job = await start('cut-off');
    await until('the task', () => scene.installation.creates('cut-off').length === 1);
    const [create] = scene.installation.creates('cut-off');
    await scene.installation.killServer();

    const away = await send({ jobId: 'cut-off' }, bodyOf('completed', create?.taskId));
    await scene.installation.startServer();
    await until(
      'the receiver to reach the server',
      async () =>
        (await send({ jobId: 'cut-off' }, bodyOf('completed', create?.taskId))).status === 202,
      60_000,
    );

    expect(away.status).toBe(503);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    // The server holds a signal back from the history while a workflow task is out, as one may be since before the kill.
    await until('the signal', async () => (await scene.signalsOf('cut-off')) >= 1, 30_000);
    const finish = `${scene.installation.simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });
    expect(await job.result()).toMatchObject({ status: 'succeeded' });
  }, 120_000);

  it('and is lost for good costs its job the wait for the next reading, nothing else', async () => {
    await receiver.stop();

    const job = await start('unannounced', 'impatient');

    expect(await job.result()).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(await scene.signalsOf('unannounced')).toBe(0);
    expect(receiver.output()).toContain('ready');
  });
});
