import { describeResult, toExitCode, toJobResult } from '../../../src/cli/describe-result.ts';
import { createProgressView, describeLive } from '../../../src/cli/progress.ts';
import { renderTable } from '../../../src/cli/table.ts';
import { formatBytes, formatDuration } from '../../../src/cli/format.ts';
import type { JobState } from '../../../src/core/job.ts';
import { captureTerminal } from './captured-terminal.ts';

const STATE: JobState = {
  jobId: 'shot-1',
  status: 'running',
  account: 'nexusflow',
  provider: 'nexusflow',
  model: 'wan2.6-t2v',
  taskId: 'task_1',
  submissions: 1,
  polls: 3,
  artifacts: [],
  cost: { currency: 'USD', micros: '450000', basis: '5 s × 90000 micros/s', state: 'reserved' },
  error: null,
  hold: null,
  startedAt: '2026-11-21T10:00:00.000Z',
  finishedAt: null,
  progress: 50,
  nextPollAt: '2026-11-21T10:01:10.000Z',
  taskExpiresAt: null,
  urlExpiresAt: null,
  lastSafePollAt: null,
  lastSafeDownloadAt: null,
  history: [],
};

const NOW = Date.parse('2026-11-21T10:01:02.000Z');

describe('a job on the screen', () => {
  it('shows status, progress, polls, next poll, time and cost in one live line', () => {
    expect(describeLive(STATE, NOW)).toBe(
      'running  ██████████░░░░░░░░░░ 50 %  3 polls, next in 8 s  1 min 2 s  0.45 USD',
    );
  });

  it('shows a hold beside a status that goes on', () => {
    const hold = {
      reason: 'task_missing',
      number: 1,
      since: STATE.startedAt,
      evidence: {},
    } as const;

    expect(describeLive({ ...STATE, hold }, NOW)).toContain('running, hold: task_missing');
  });

  it('gets a plain line only when something changed, where nobody looks live', () => {
    const terminal = captureTerminal();
    const view = createProgressView(terminal);

    view.show(STATE);
    view.show({ ...STATE, polls: 4 });
    view.show({ ...STATE, polls: 5, progress: 60 });
    view.close();

    expect(terminal.err()).toBe(
      'job shot-1: running, 50 %, task task_1\njob shot-1: running, 60 %, task task_1\n',
    );
  });

  it('gets one line that is rewritten, where a person looks live, and leaves none behind', () => {
    const terminal = captureTerminal({ isTerminal: true });
    const view = createProgressView(terminal, () => NOW);

    view.show(STATE);
    view.close();

    expect(terminal.err()).not.toContain('\n');
    expect(terminal.err().endsWith('\r\u001b[2K')).toBe(true);
  });

  it('keeps only the public members in its result', () => {
    const result = toJobResult({ ...STATE, cancelRequestedAt: STATE.startedAt });

    expect(Object.keys(result)).toEqual([
      ...['jobId', 'status', 'account', 'provider', 'model', 'taskId', 'submissions', 'polls'],
      ...['artifacts', 'cost', 'error', 'hold', 'startedAt', 'finishedAt', 'cancelRequestedAt'],
    ]);
  });

  it('is summed up with its file, cost and time', () => {
    const text = describeResult({
      ...STATE,
      status: 'succeeded',
      finishedAt: '2026-11-21T10:02:41.000Z',
      artifacts: [
        {
          index: 0,
          key: 'jobs/shot-1/1/0.mp4',
          url: 'file:///data/0.mp4',
          sizeBytes: 48_213,
          sha256: 'a'.repeat(64),
          mediaType: 'video/mp4',
          width: 1280,
          height: 720,
          durationSeconds: 5,
          codec: 'AVC',
          framesPerSecond: 24,
          frames: 120,
        },
      ],
    });

    expect(text).toContain('/data/0.mp4 (48.2 kB, video/mp4, AVC, 1280x720, 24 fps, 5 s)');
    expect(text).toContain('0.45 USD reserved');
    expect(text).toContain('2 min 41 s, 3 polls, 1 submission\n');
  });
});

describe('the exit code of a job', () => {
  const failed = (code: 'provider.generation_failed' | 'provider.submit_unknown'): JobState => ({
    ...STATE,
    status: 'failed',
    error: { code, message: 'x', details: {} },
  });

  it.each([
    [{ ...STATE, status: 'succeeded' } as const, 0],
    [{ ...STATE, status: 'cancelled' } as const, 1],
    [{ ...STATE, status: 'held' } as const, 3],
    [failed('provider.generation_failed'), 1],
    [failed('provider.submit_unknown'), 3],
  ])('follows from its status and the error table (%#)', (state, exitCode) => {
    expect(toExitCode(state)).toBe(exitCode);
  });
});

describe('numbers and tables for a person', () => {
  it.each([
    [999, '999 B'],
    [48_213, '48.2 kB'],
    [3_200_000_000, '3.2 GB'],
  ])('%d bytes are %s', (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [41_000, '41 s'],
    [161_120, '2 min 41 s'],
    [11_100_000, '3 h 5 min'],
  ])('%d ms are %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it('columns are as wide as their content', () => {
    expect(renderTable(['A', 'LONG'], [['wide one', 'x']])).toBe('A         LONG\nwide one  x\n');
  });
});
