import type { JobState } from '../../src/core/job.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const POLLS = 300;
const MAX_EVENTS = 60;
const PROMPT = 'a very long night';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      nexusflow: {
        timing: { minPollSeconds: 0.02, maxPollSeconds: 0.02 },
        limits: { pollsPerMinute: 60_000 },
      },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

describe('a job that waits long', () => {
  it(`is read ${POLLS} times without a trace in its history, while its state tells of every reading`, async () => {
    const { client, simulator, access } = installation;
    simulator.addFaults([{ operation: 'create', match: PROMPT, fault: { kind: 'stuck_task' } }]);
    const request = { model: 'nexusflow/wan2.6-t2v', prompt: PROMPT, durationSeconds: 3 };
    const job = await client.start(request, { jobId: 'night' });
    const handle = access.temporal.workflow.getHandle('job/night');
    const stateAfter = (polls: number): Promise<JobState> =>
      until(
        `${polls} polls`,
        async () => {
          const state = await job.state();
          return state.polls >= polls && state;
        },
        60_000,
      );

    const early = await stateAfter(10);
    const { historyLength: earlyEvents } = await handle.describe();
    const late = await stateAfter(POLLS);
    const { historyLength: lateEvents } = await handle.describe();

    expect(lateEvents).toBe(earlyEvents);
    expect(late.status).toBe('running');
    expect(late.nextPollAt).not.toBeNull();
    expect(late.nextPollAt).not.toBe(early.nextPollAt);

    const [create] = installation.creates(PROMPT);
    await fetch(`${simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`, { method: 'POST' });
    const result = await job.result();
    const reads = simulator.log().filter(({ kind }) => kind === 'read').length;
    const { historyLength } = await handle.describe();

    expect(result.status).toBe('succeeded');
    expect(result.polls).toBeGreaterThan(POLLS);
    expect(result.polls).toBe(reads);
    expect(historyLength).toBeLessThan(MAX_EVENTS);
  }, 90_000);
});
