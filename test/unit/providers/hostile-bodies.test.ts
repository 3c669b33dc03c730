import {
  assert,
  constantFrom,
  dictionary,
  jsonValue,
  oneof,
  property,
  record,
  string,
} from 'fast-check';
import type { Logger } from '../../../src/core/logger.ts';
import type { Snapshot } from '../../../src/core/provider.ts';
import { readApiError } from '../../../src/providers/api-error.ts';
import * as dieyuyun from '../../../src/providers/dieyuyun/wire.ts';
import * as nexusflow from '../../../src/providers/nexusflow/wire.ts';
import * as rixapi from '../../../src/providers/rixapi/wire.ts';
import { createStatusReader } from '../../../src/providers/task-status.ts';
import { isPlainJson } from '../../contract/suites/plain-json.ts';

const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {
  return;
}

const status = constantFrom(
  'queued',
  'running',
  'succeeded',
  'completed',
  'failed',
  'expired',
  'odd',
  7,
);
const fieldName = constantFrom(
  'id',
  'progress',
  'output',
  'outputs',
  'result',
  'data',
  'error',
  'usage',
  'created_at',
  'completed_at',
  '__proto__',
);
/** Anything, and more often something that is nearly a task. */
const body = oneof(
  jsonValue(),
  record({ status, rest: dictionary(fieldName, jsonValue()) }).map((task) => ({
    ...task.rest,
    status: task.status,
  })),
);

const READERS: Readonly<Record<string, (json: unknown) => Snapshot | undefined>> = {
  nexusflow: (json) =>
    nexusflow.readTask(json, {
      readStatus: createStatusReader('x', nexusflow.STATUSES),
      logger,
      secrets: [],
    })?.snapshot,
  rixapi: (json) =>
    rixapi.readTask(json, createStatusReader('x', rixapi.STATUSES), logger, [])?.snapshot,
  dieyuyun: (json) =>
    dieyuyun.readTask(json, {
      readStatus: createStatusReader('x', dieyuyun.STATUSES),
      logger,
      secrets: [],
      kind: 'image',
    })?.snapshot,
};

describe('a body that follows no document', () => {
  it.each(Object.entries(READERS))(
    'is never an exception to %s, and never more than plain JSON',
    (_, read) => {
      assert(
        property(body, (json) => {
          const snapshot = read(json);

          expect(snapshot === undefined || isPlainJson(snapshot)).toBe(true);
          if (snapshot?.status === 'failed') expect(snapshot.error?.message).not.toBe('');
        }),
      );
    },
  );

  it('is never an exception where it is an error answer', () => {
    assert(
      property(
        oneof(
          string(),
          jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const error = readApiError(text);

          expect(typeof (error.message ?? '')).toBe('string');
        },
      ),
    );
  });
});
