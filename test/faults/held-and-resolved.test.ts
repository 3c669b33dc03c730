import type { FaultRule } from '../../simulator/index.ts';
import type { JobHandle } from '../../src/index.ts';
import type { Decision } from '../../src/core/job.ts';
import { ANY_TEXT } from '../installation/any-value.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const DECISION: Decision = { author: 'mona', reason: 'looked at the dashboard' };
const LOST: FaultRule['fault'] = { kind: 'drop_reply' };
const VANISHED: FaultRule['fault'] = { kind: 'reset_before' };

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      bold: { provider: 'nexusflow', onUnknown: 'resubmit', maxResubmits: 1 },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

/** A job whose submission nobody can tell about. */
async function startHeld(prompt: string, fault: FaultRule['fault']): Promise<JobHandle> {
  installation.simulator.addFaults([{ operation: 'create', match: prompt, fault }]);
  const request = { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
  const job = await installation.client.start(request);
  await until('a hold', async () => (await job.state()).status === 'held');
  return job;
}

function taskOf(prompt: string): string {
  return installation.creates(prompt)[0]?.taskId ?? '';
}

describe('a held submission', () => {
  it('is finished by `jobs resolve --adopt`, with one create and one charge', async () => {
    const prompt = 'lost, then adopted';
    const job = await startHeld(prompt, LOST);

    const { exitCode, stderr } = await installation.pollux(
      ...['jobs', 'resolve', job.jobId, '--adopt', taskOf(prompt)],
      ...['--author', 'mona', '--reason', 'found in the dashboard'],
    );
    const result = await job.result();

    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(result).toMatchObject({
      status: 'succeeded',
      taskId: taskOf(prompt),
      submissions: 1,
      hold: null,
      cost: { micros: '270000', state: 'charged' },
    });
    expect(result.artifacts).toHaveLength(1);
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(await installation.ledger.decisions(job.jobId)).toMatchObject([
      {
        kind: 'adopt',
        number: 1,
        author: 'mona',
        reason: 'found in the dashboard',
        at: ANY_TEXT,
      },
    ]);
  });

  it('is submitted once more by `resubmit`, however often that is asked for', async () => {
    const prompt = 'vanished, then submitted again';
    const job = await startHeld(prompt, VANISHED);

    const asked = await Promise.allSettled([
      job.resolve({ kind: 'resubmit' }, DECISION),
      job.resolve({ kind: 'resubmit' }, DECISION),
    ]);
    const result = await job.result();

    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(result).toMatchObject({ status: 'succeeded', submissions: 2 });
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(await installation.ledger.decisions(job.jobId)).toMatchObject([
      { kind: 'resubmit', number: 2, author: 'mona' },
    ]);
    await expect(job.resolve({ kind: 'resubmit' }, DECISION)).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });

  it('that is adopted and submitted again at once takes one of the two decisions', async () => {
    const prompt = 'torn between two operators';
    const job = await startHeld(prompt, LOST);

    const asked = await Promise.allSettled([
      job.resolve({ kind: 'adopt', taskId: taskOf(prompt) }, DECISION),
      job.resolve({ kind: 'resubmit' }, DECISION),
    ]);
    const result = await job.result();

    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(result.status).toBe('succeeded');
    const decisions = await installation.ledger.decisions(job.jobId);
    expect(decisions).toHaveLength(1);
    const again = decisions.filter(({ kind }) => kind === 'resubmit');
    expect(installation.creates(prompt)).toHaveLength(1 + again.length);
  });

  it('that is abandoned ends the job as failed, with its money unknown and its place free', async () => {
    const prompt = 'lost, then given up';
    const job = await startHeld(prompt, LOST);

    await job.resolve({ kind: 'abandon' }, DECISION);
    const result = await job.result();

    expect(result).toMatchObject({
      status: 'failed',
      cost: { state: 'unknown' },
      error: { code: 'provider.submit_unknown', details: { abandonedBy: 'mona' } },
    });
    expect(await installation.ledger.submissions(job.jobId)).toMatchObject([
      { state: 'unknown', endedAt: ANY_TEXT },
    ]);
    expect(await installation.ledger.decisions(job.jobId)).toMatchObject([{ kind: 'abandon' }]);
  });

  it('takes no task that the provider does not know, and none of another job', async () => {
    const other = 'somebody else';
    const owner = await installation.client.start({
      model: 'nexusflow/wan2.6-t2v',
      prompt: other,
      durationSeconds: 3,
    });
    await owner.result();
    const prompt = 'lost among others';
    const job = await startHeld(prompt, LOST);

    await expect(
      job.resolve({ kind: 'adopt', taskId: 'task_nobody_knows' }, DECISION),
    ).rejects.toThrow(/knows no task task_nobody_knows/);
    await expect(job.resolve({ kind: 'adopt', taskId: taskOf(other) }, DECISION)).rejects.toThrow(
      new RegExp(`held by submission 1 of job ${owner.jobId}`),
    );
    expect((await job.state()).status).toBe('held');

    await job.resolve({ kind: 'adopt', taskId: taskOf(prompt) }, DECISION);
    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId: taskOf(prompt) });
  });

  it('takes no task of another model', async () => {
    const prompt = 'lost among other models';
    const job = await startHeld(prompt, LOST);
    const reply = await fetch(`${installation.simulator.baseUrls.nexusflow}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'happyhorse-1.0-t2v', prompt: 'by hand', duration: 5 }),
    });
    const { id } = (await reply.json()) as { readonly id: string };

    await expect(job.resolve({ kind: 'adopt', taskId: id }, DECISION)).rejects.toThrow(
      /one of model happyhorse-1.0-t2v/,
    );
    await job.resolve({ kind: 'abandon' }, DECISION);
  });

  it('is named by `jobs list --held` and by the update of the same name, which says why it refuses', async () => {
    const prompt = 'seen by an operator';
    const job = await startHeld(prompt, LOST);
    const handle = installation.access.temporal.workflow.getHandle(`job/${job.jobId}`);
    const send = (argument: object): Promise<unknown> =>
      handle.executeUpdate('resolveSubmission', { args: [argument] });

    await until('the hold to be listed', async () => {
      const { stdout } = await installation.pollux('jobs', 'list', '--held', '--json');
      return stdout.includes(job.jobId);
    });
    const refusals = await Promise.allSettled([
      send({ number: 2, adopt: 'x', ...DECISION }),
      send({ number: 1, ...DECISION }),
      send({ number: 1, adopt: 'x', abandon: true, ...DECISION }),
      send({ number: 1, abandon: true, reason: 'no author' }),
    ]);
    const answer = await send({ number: 1, adopt: taskOf(prompt), ...DECISION });

    expect(refusals.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(answer).toMatchObject({ number: 1, decision: 'adopt', decisionId: ANY_TEXT });
    expect((await job.result()).status).toBe('succeeded');
  });

  it('is submitted again by the account’s policy as often as its cap allows, then held', async () => {
    const prompt = 'vanished again and again';
    installation.simulator.addFaults([
      { operation: 'create', match: prompt, times: 2, fault: VANISHED },
    ]);
    const request = { model: 'bold/wan2.6-t2v', prompt, durationSeconds: 3 };
    const job = await installation.client.start(request);

    await until('a hold', async () => (await job.state()).status === 'held');

    expect(await job.state()).toMatchObject({ submissions: 2, hold: { number: 2 } });
    expect(installation.refusals(prompt)).toHaveLength(2);
    expect(await installation.ledger.decisions(job.jobId)).toMatchObject([
      { kind: 'resubmit', number: 2, author: 'policy onUnknown' },
    ]);
    await job.resolve({ kind: 'resubmit' }, DECISION);
    expect(await job.result()).toMatchObject({ status: 'succeeded', submissions: 3 });
    expect(installation.creates(prompt)).toHaveLength(1);
  });
});
