import type { JobHandle } from '../../src/index.ts';
import type { JobResult, MediaRequest } from '../../src/core/job.ts';
import { ANY_TEXT } from '../installation/any-value.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import type { Relay } from '../installation/relay.ts';
import { openRelay } from '../installation/relay.ts';
import { measureFile } from '../installation/stored-file.ts';
import { until } from '../installation/until.ts';

/** One account per moment at which the worker dies. */
type Moment = 'accepted' | 'following' | 'downloading' | 'recorded' | 'posting';

const provider = 'nexusflow' as const;

let installation: TestInstallation;
let relay: Relay;

function toRequest(moment: Moment): MediaRequest {
  return { model: `${moment}/wan2.6-t2v`, prompt: `killed while ${moment}`, durationSeconds: 3 };
}

const promptOf = (moment: Moment): string => toRequest(moment).prompt ?? '';

async function begin(moment: Moment): Promise<JobHandle> {
  return await installation.client.start(toRequest(moment), { jobId: moment });
}

/** One worker dies at five moments of five jobs; the next one finds them all. */
beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      accepted: { provider, timing: { firstPollSeconds: 5 } },
      following: { provider, timing: { minPollSeconds: 5, maxPollSeconds: 5 } },
      downloading: { provider },
      recorded: { provider },
      posting: { provider, timing: { submitTimeoutSeconds: 4 } },
    },
    simulator: { durationsMs: { video: [800, 800] } },
  });
  const { simulator, ledger, temporalAddress } = installation;
  relay = await openRelay(Number(temporalAddress.split(':')[1]));
  simulator.addFaults([
    { operation: 'file', match: promptOf('downloading'), fault: { kind: 'slow', ms: 60_000 } },
    { operation: 'create', match: promptOf('recorded'), fault: { kind: 'slow', ms: 400 } },
    { operation: 'create', match: promptOf('posting'), fault: { kind: 'slow', ms: 60_000 } },
    { operation: 'create', match: promptOf('following'), fault: { kind: 'stuck_task' } },
  ]);
  const worker = await installation.startWorker({ TEMPORAL_ADDRESS: relay.address });

  const downloading = await begin('downloading');
  const following = await begin('following');
  await until('a transfer', async () => (await downloading.state()).status === 'storing');
  await until('a reading that waits for the next', async () => {
    const { polls, nextPollAt } = await following.state();
    return polls >= 1 && nextPollAt !== null && Date.parse(nextPollAt) > Date.now() + 3_000;
  });
  const accepted = await begin('accepted');
  await until('a task', async () => (await accepted.state()).taskId !== null);
  await begin('posting');
  await until('a create', () => installation.creates(promptOf('posting')).length > 0);
  await begin('recorded');
  await until('a create', () => installation.creates(promptOf('recorded')).length > 0);
  relay.cut();
  await until('the outcome in the ledger', async () => {
    const [submission] = await ledger.submissions('recorded');
    return submission?.state === 'accepted';
  });
  await worker.kill();

  const [stuck] = installation.creates(promptOf('following'));
  await fetch(`${simulator.url}/admin/tasks/${stuck?.taskId ?? ''}/finish`, { method: 'POST' });
  await installation.startWorker();
}, 90_000);

afterAll(async () => {
  await installation.close();
  await relay.close();
});

async function resultOf(moment: Moment): Promise<JobResult> {
  return await installation.client.job(moment).result();
}

describe('a worker killed with SIGKILL', () => {
  it.each([
    ['right after a task was accepted', 'accepted'],
    ['while it follows a task', 'following'],
    ['while it downloads a result', 'downloading'],
    ['between the provider’s reply and the word to Temporal', 'recorded'],
  ] as const)(
    '%s leaves the job to the next worker: one create, one file',
    async (_when, moment) => {
      const result = await resultOf(moment);

      const creates = installation.creates(promptOf(moment));
      expect(creates).toHaveLength(1);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: creates[0]?.taskId,
        submissions: 1,
        cost: { micros: '270000', state: 'charged' },
      });
      expect(result.artifacts).toHaveLength(1);
      const [artifact] = result.artifacts;
      expect(await measureFile(artifact!)).toEqual({
        sizeBytes: artifact?.sizeBytes,
        sha256: artifact?.sha256,
      });
      const entries = await installation.ledger.entries(moment);
      expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
    },
    60_000,
  );

  it('during the POST leaves a job that is held and is never sent again', async () => {
    const { ledger, pollux } = installation;
    const prompt = promptOf('posting');
    const job = installation.client.job('posting');
    await until('a hold', async () => (await job.state()).status === 'held', 50_000);

    const shown = await pollux(
      ...['run', 'posting/wan2.6-t2v', '--prompt', prompt, '--duration-seconds', '3'],
      ...['--job-id', 'posting', '--json'],
    );

    expect(shown.exitCode).toBe(3);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      status: 'held',
      taskId: null,
      cost: { micros: '270000', state: 'unknown' },
      hold: { reason: 'submit_unknown', number: 1, evidence: { worker: ANY_TEXT } },
    });
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(await ledger.placesTaken('posting')).toBe(1);

    const cancelled = await pollux('jobs', 'cancel', 'posting', '--reason', 'looked it up');
    const result = await job.result();

    expect(cancelled.exitCode).toBe(0);
    expect(result).toMatchObject({
      status: 'cancelled',
      taskId: null,
      submissions: 1,
      cost: { micros: '270000', state: 'unknown' },
    });
    expect(installation.creates(prompt)).toHaveLength(1);
    const entries = await ledger.entries('posting');
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'unknown']);
  }, 90_000);
});
