import { MediaJobError } from '../../src/core/errors.ts';
import {
  jobInputJsonSchema,
  jobResultJsonSchema,
  parseJobInput,
  parseMediaRequest,
} from '../../src/schema/request.ts';

const FULL = {
  model: 'nexusflow/wan2.6-i2v',
  prompt: 'A harbour at dawn',
  durationSeconds: 5.5,
  resolution: '720P',
  aspectRatio: '16:9',
  size: '1024x1024',
  imageUrls: ['https://example.org/a.png'],
  videoUrl: 'http://example.org/a.mp4',
  audio: false,
  seed: 0,
  watermark: false,
  count: 1,
  negativePrompt: 'people',
  extra: { camera: { zoom: [1, null, 'x'] } },
};

function refusal(value: unknown, parse: (value: unknown) => unknown = parseMediaRequest): string {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof MediaJobError && error.code === 'request.invalid') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a request', () => {
  it('comes back as it was given, whole', () => {
    expect(parseMediaRequest(FULL)).toEqual(FULL);
  });

  it('loses members that are undefined, since they are absent on the wire', () => {
    expect(parseMediaRequest({ model: 'a/b', prompt: undefined })).toStrictEqual({ model: 'a/b' });
  });

  it.each([
    [{ model: 'b' }, 'model ("b"): must be <account>/<model>'],
    [{}, 'model (missing): must be <account>/<model>'],
    [{ model: 'a/b', durationSeconds: 0 }, 'durationSeconds (0): must be greater than 0'],
    [{ model: 'a/b', durationSeconds: '5' }, 'durationSeconds ("5"): must be a number'],
    [{ model: 'a/b', seed: 1.5 }, 'seed (1.5): must be a whole number'],
    [{ model: 'a/b', seed: -1 }, 'seed (-1): must be at least 0'],
    [{ model: 'a/b', count: 0 }, 'count (0): must be'],
    [{ model: 'a/b', audio: 'yes' }, 'audio ("yes"): must be true or false'],
    [{ model: 'a/b', resolution: '' }, 'resolution (""): must not be empty'],
    [{ model: 'a/b', videoUrl: 'file:///etc/passwd' }, 'must be an http or https URL'],
    [{ model: 'a/b', imageUrls: 'https://a.example' }, 'imageUrls (17 characters): must be a list'],
    [{ model: 'a/b', imageUrls: ['x'] }, 'imageUrls[0] (1 characters): must be an http'],
    [{ model: 'a/b', extra: [] }, 'extra ([]): must be a JSON object'],
    [{ model: 'a/b', extra: { at: new Date(0) } }, 'extra.at ("[object]"): must be a JSON value'],
    [
      { model: 'a/b', extra: { on: [JSON.parse('{"__proto__":1}')] } },
      'extra ({"on":[{}]}): must not hold a member named __proto__',
    ],
    [{ model: 'a/b', promt: 'x' }, 'promt ("x"): is not known here; did you mean prompt?'],
    [{ model: 'a/b', steps: 4 }, 'steps (4): is not known here; known are: model, prompt,'],
    [null, 'request (null): must be an object'],
  ])('%j is refused with field, value and rule', (value, expected) => {
    expect(refusal(value)).toContain(expected);
  });

  it('names everything that is wrong with it at once', () => {
    const message = refusal({ model: 'a/b', seed: 'x', count: 1.5, foo: 1 });

    expect(message).toMatch(/seed .*; count .*; foo /);
  });

  it('keeps its prompt out of the message', () => {
    const message = refusal({ model: 'a/b', prompt: ['very private'] });

    expect(message).not.toContain('private');
  });
});

describe('the input of a job', () => {
  it('is a request with labels', () => {
    const input = {
      request: FULL,
      tenant: 'acme',
      batch: 'b-1',
      adoptTaskId: 'task_1',
    };

    expect(parseJobInput(input)).toEqual(input);
  });

  it.each([
    [{ request: { model: 'a/b' }, tenant: 'a b' }, 'tenant ("a b"): must start with a letter'],
    [{ request: { model: 'a/b' }, batch: 'a/b' }, 'batch ("a/b"): must start with a letter'],
    [{ request: { model: 'a/b' }, adoptTaskId: '' }, 'adoptTaskId (""): must be a task id'],
    [{ request: { model: 'a/b' }, tennant: 'x' }, 'did you mean tenant?'],
    [{ request: { model: 'a/b', seeed: 1 } }, 'seeed (1): is not known here; did you mean seed?'],
    [{}, 'request (missing): must be an object'],
  ])('%j is refused with field, value and rule', (value, expected) => {
    expect(refusal(value, parseJobInput)).toContain(expected);
  });
});

describe('the JSON Schemas for other languages', () => {
  it('close the input and its request to unknown fields', () => {
    const schema = jobInputJsonSchema();

    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['request'],
      additionalProperties: false,
      properties: { request: { required: ['model'], additionalProperties: false } },
    });
    expect(JSON.stringify(schema)).not.toContain('readOnly');
  });

  it('list every member of a result as required, except the one that is only there after a cancel', () => {
    const { required, properties } = jobResultJsonSchema();

    const names = Object.keys(properties as object);
    expect(names.filter((name) => !(required as readonly string[]).includes(name))).toEqual([
      'cancelRequestedAt',
    ]);
  });
});
