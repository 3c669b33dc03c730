import { RIXAPI_CALLBACK } from '../../../src/providers/rixapi/callback.ts';

const parse = (body: object): unknown => RIXAPI_CALLBACK.parse(JSON.stringify(body));

describe('a callback of RixAPI', () => {
  it.each(['queued', 'in_progress'])('that says %s tells that the task goes on', (status) => {
    expect(parse({ id: 'task_1', status })).toEqual({ taskId: 'task_1', isUnfinished: true });
  });

  it.each(['completed', 'failed', 'processing', 'QUEUED', 'toString', '__proto__', 7, null])(
    'that says %j is a reason to read',
    (status) => {
      expect(parse({ id: 'task_1', status })).toEqual({ taskId: 'task_1' });
    },
  );

  it('is read up to 64 KiB, as much as the receiver takes', () => {
    const body = JSON.stringify({ id: 'task_1', status: 'completed' });

    expect(RIXAPI_CALLBACK.parse(body.padEnd(64 * 1024))).toEqual({ taskId: 'task_1' });
    expect(RIXAPI_CALLBACK.parse(body.padEnd(64 * 1024 + 1))).toBeUndefined();
  });
});
