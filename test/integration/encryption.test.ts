import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../../src/cli/ports.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import { findMarker, toTrace } from '../installation/canary.ts';
import type { RunningCommand } from '../installation/command.ts';
import { startCommand } from '../installation/command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const run = promisify(execFile);

const PROMPT = 'a quiet harbour at dawn';
const REASON = 'the harbour froze over';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({ encryptionKeys: ['k1'] });
}, 60_000);

afterAll(() => installation.close());

function toRequest(prompt: string): MediaRequest {
  return { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
}

interface Payload {
  readonly metadata?: Readonly<Record<string, Uint8Array>> | null;
  readonly data?: Uint8Array | null;
}

/** Every payload inside an answer of the server, by its place. */
function payloadsIn(value: unknown, place = ''): readonly (readonly [string, Payload])[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  const { metadata } = value as Payload;
  if (metadata?.['encoding'] !== undefined) return [[place, value]];
  return Object.entries(value).flatMap(([name, member]) => payloadsIn(member, `${place}.${name}`));
}

const encodingOf = ({ metadata }: Payload): string =>
  Buffer.from(metadata?.['encoding'] ?? []).toString();

/**
 * Search attributes are never encrypted; a marker's `data` is the SDK's own note about a local step, and the server itself
 * says of a cancelled step that it had not started.
 */
const CLEAR_BY_DESIGN = [
  /\.searchAttributes\./,
  /markerRecorded\w+\.details\.data\./,
  /activityTaskCanceled\w+\.details\./,
];

describe('with a key, what Temporal holds of a job', () => {
  it('is encrypted in every payload, and is what it was for whoever has the key', async () => {
    const { access, client, simulator } = installation;
    simulator.addFaults([
      { operation: 'create', match: 'to cancel', fault: { kind: 'stuck_task' } },
      { operation: 'create', match: 'to fail', fault: { kind: 'fail_task', error: 'no' } },
    ]);
    const worker = await installation.startWorker();
    const cancelled = await client.start(
      { model: 'dieyuyun/gpt-image-2', prompt: `${PROMPT} to cancel` },
      { jobId: 'cancelled' },
    );
    await client.start(toRequest(`${PROMPT} to fail`), { jobId: 'failed' });
    await until('a reading', async () => (await cancelled.state()).polls >= 2);
    const handle = access.temporal.workflow.getHandle('job/cancelled');
    const running = (await handle.describe()).raw;
    const shown = await Promise.all(
      ['jobState', '__temporal_workflow_metadata'].map((queryType) =>
        access.connection.workflowService.queryWorkflow({
          namespace: 'default',
          execution: { workflowId: 'job/cancelled' },
          query: { queryType },
        }),
      ),
    );
    await cancelled.cancel({ author: 'ana', reason: REASON });
    await cancelled.result();
    await client.job('failed').result();
    const state = await cancelled.state();
    await worker.stop();

    const histories = await Promise.all(
      ['cancelled', 'failed'].map((id) =>
        access.temporal.workflow.getHandle(`job/${id}`).fetchHistory(),
      ),
    );
    const payloads = payloadsIn({ running, shown, histories });
    const places = payloads.map(([place]) => place);
    const clear = payloads.filter(([, payload]) => encodingOf(payload) !== 'binary/encrypted');
    const isExpected = (place: string): boolean => CLEAR_BY_DESIGN.some((kind) => kind.test(place));

    expect(clear.map(([place]) => place).filter((place) => !isExpected(place))).toEqual([]);
    for (const kind of [
      /memo\.fields\.requestHash/,
      /userMetadata\.summary/,
      /workflowExecutionStarted\w+\.input/,
      /activityTaskScheduled\w+\.input/,
      /activityTaskCompleted\w+\.result/,
      /markerRecorded\w+\.details\.result/,
      /UpdateAccepted\w+\.acceptedRequest\.input/,
      /UpdateCompleted\w+\.outcome\.success/,
      /workflowExecutionCompleted\w+\.result/,
      /workflowExecutionFailed\w+\.failure\.applicationFailureInfo\.details/,
      /pendingActivities\.0\.heartbeatDetails/,
      /pendingActivities\.0\.lastFailure\.encodedAttributes/,
      /shown\.0\.queryResult/,
      /shown\.1\.queryResult/,
    ]) {
      expect(places).toContainEqual(expect.stringMatching(kind));
    }
    expect(running.pendingActivities?.[0]?.lastFailure?.message).toBe('Encoded failure');
    expect(state.history.map(({ note }) => note)).toContainEqual(expect.stringContaining(REASON));
  }, 120_000);
});

/** Loads what a page of the UI loads of a workflow and has it decrypted as the page does. */
async function decodeThrough(endpoint: string, origin: string, history: unknown): Promise<string> {
  const payloads: unknown[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const isPayload = 'metadata' in value && 'data' in value;
    if (isPayload) payloads.push(value);
    else Object.values(value).forEach(collect);
  };
  collect(history);
  const response = await fetch(`${endpoint}/decode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin },
    body: JSON.stringify({ payloads }),
  });
  expect(response.headers.get('access-control-allow-origin')).toBe(origin);
  const answer = (await response.json()) as { readonly payloads: readonly { data: string }[] };
  return answer.payloads.map(({ data }) => Buffer.from(data, 'base64').toString()).join('\n');
}

describe('pollux codec', () => {
  it('lets the command line of Temporal show what is encrypted', async () => {
    const codec = installation.begin('codec', '--listen', '127.0.0.1:0');
    await codec.said('ready');
    const show = async (...options: readonly string[]): Promise<string> => {
      const line = ['workflow', 'show', '--workflow-id', 'job/failed', '--output', 'json'];
      const address = ['--address', installation.temporalAddress];
      const cliPath = process.env['POLLUX_TEST_TEMPORAL_CLI'] ?? '';
      return (await run(cliPath, [...line, ...address, ...options])).stdout;
    };

    const plain = await show();
    codec.interrupt();
    const { stderr } = await codec.ended;
    const url = /ready at (\S+)/.exec(stderr)?.[1] ?? '';
    const again = installation.begin('codec', '--listen', url.replace('http://', ''));
    await again.said('ready');
    const decoded = await show('--codec-endpoint', url);
    again.interrupt();

    expect(findMarker(PROMPT, [toTrace('shown', plain)])).toEqual([]);
    expect(findMarker(PROMPT, [toTrace('shown', decoded)])).toEqual(['shown']);
  }, 60_000);
});

describe('pollux dev', () => {
  let dev: RunningCommand;
  let environment: Readonly<Record<string, string>>;
  let ui = '';

  beforeAll(async () => {
    const [port, uiPort] = [await findFreePort('127.0.0.1'), await findFreePort('127.0.0.1')];
    ui = `http://127.0.0.1:${uiPort}`;
    environment = { TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    dev = installation.begin(
      ...['dev', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--state', join(installation.directory, 'dev')],
    );
    await dev.said('ready');
  }, 60_000);

  afterAll(async () => {
    dev.interrupt();
    await dev.ended;
  }, 60_000);

  it('brings a UI that can show what is encrypted, out of the box', async () => {
    const { configFile, directory } = installation;
    const ended = await startCommand(
      [
        '--config',
        configFile,
        'run',
        'nexusflow/wan2.6-t2v',
        '--prompt',
        PROMPT,
        '--job-id',
        'dev',
      ],
      { cwd: directory, environment },
    ).ended;

    const settings = (await (await fetch(`${ui}/api/v1/settings`)).json()) as {
      readonly Codec: { readonly Endpoint: string };
    };
    const path = `/api/v1/namespaces/default/workflows/${encodeURIComponent('job/dev')}/history`;
    const history = await (await fetch(ui + path)).text();
    const decoded = await decodeThrough(settings.Codec.Endpoint, ui, JSON.parse(history));

    expect(ended.exitCode).toBe(0);
    expect(findMarker(PROMPT, [toTrace('history', history)])).toEqual([]);
    expect(decoded).toContain(PROMPT);
    expect(decoded).toContain('submission 1: POST to nexusflow/wan2.6-t2v');
  }, 60_000);
});
