import { judgeBilling } from '../../../src/core/billing.ts';
import { canonicalJson } from '../../../src/core/json.ts';
import {
  isJobId,
  splitModel,
  toArtifactKey,
  toJobId,
  toLocalTaskId,
  toWorkflowId,
} from '../../../src/core/keys.ts';
import { toRequestText } from '../../../src/core/request-text.ts';

describe('ids', () => {
  it.each(['a', 'shot-001', 'A.b_c-9', 'batch/item', 'x'.repeat(100)])('%s is a job id', (id) => {
    expect(isJobId(id)).toBe(true);
    expect(toJobId(toWorkflowId(id))).toBe(id);
  });

  it.each(['', '.hidden', '-a', 'a b', 'a/b/c', '/a', 'a/', 'é', 'x'.repeat(101), '../etc'])(
    '"%s" is no job id',
    (id) => {
      expect(isJobId(id)).toBe(false);
    },
  );

  it('a workflow id without job/ names no job', () => {
    expect(() => toJobId('poster')).toThrow(/job\/<job id>/);
  });

  it('object keys and local task ids are made of our own ids only', () => {
    expect(toArtifactKey('batch/item', 2, 0, 'mp4')).toBe('jobs/batch/item/2/0.mp4');
    expect(toLocalTaskId('batch/item', 2)).toBe('local-batch:item-2');
  });

  it('a model id may hold slashes of its own', () => {
    expect(splitModel('gateway/kling-v3/text-to-video')).toEqual({
      account: 'gateway',
      model: 'kling-v3/text-to-video',
    });
    expect(splitModel('no-account')).toBeUndefined();
  });
});

describe('the request hash', () => {
  it('does not depend on the order in which fields were written', () => {
    const one = toRequestText({
      request: { model: 'a/b', prompt: 'p', extra: { x: 1, y: [1, 2] } },
    });
    const other = toRequestText({
      request: { extra: { y: [1, 2], x: 1 }, prompt: 'p', model: 'a/b' },
    });

    expect(one).toBe(other);
  });

  it('differs by every fact of the request', () => {
    const base = { model: 'a/b', prompt: 'p' };
    const texts = [
      toRequestText({ request: base }),
      toRequestText({ request: { ...base, prompt: 'q' } }),
      toRequestText({ request: { ...base, seed: 1 } }),
      toRequestText({ request: base, adoptTaskId: 'task_1' }),
    ];

    expect(new Set(texts).size).toBe(texts.length);
  });

  it('absent members count as not written', () => {
    expect(canonicalJson({ b: undefined, a: [null, 'x'] })).toBe('{"a":[null,"x"]}');
  });
});

describe('billing', () => {
  it.each([
    [{ status: 'succeeded', providerStatus: 'succeeded' }, 'charge'],
    [{ status: 'failed', providerStatus: 'failed' }, 'release'],
    [{ status: 'failed', providerStatus: 'failed', failureProvesNoCharge: false }, 'unknown'],
    [{ status: 'cancelled', providerStatus: 'cancelled' }, 'unknown'],
    [{ status: 'expired', providerStatus: 'expired' }, 'unknown'],
    [undefined, 'unknown'],
  ] as const)('%j means %s', (snapshot, kind) => {
    expect(judgeBilling(snapshot).kind).toBe(kind);
  });
});
