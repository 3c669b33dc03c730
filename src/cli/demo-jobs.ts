import type { EndStatus, MediaRequest } from '../core/job.ts';

/** One job of the demo, and how it must end. */
export interface DemoJob {
  readonly jobId: string;
  readonly shows: string;
  readonly request: MediaRequest;
  readonly expected: EndStatus;
  /** Cancelled as soon as the provider works on it. */
  readonly isCancelled?: boolean;
}

/** Words in the prompt of the job that is cancelled: the simulator is told never to finish that task. */
export const ENDLESS_PROMPT = 'that nobody waits for';

export const DEMO_JOBS: readonly DemoJob[] = [
  {
    jobId: 'poster',
    shows: 'an image in the create reply itself',
    request: {
      model: 'nexusflow/wan2.6-t2i',
      prompt: 'A poster of a lighthouse',
      size: '1024x1024',
    },
    expected: 'succeeded',
  },
  {
    jobId: 'harbour',
    shows: 'a video, its worker killed meanwhile',
    request: {
      model: 'nexusflow/wan2.6-t2v',
      prompt: 'A harbour at dawn, slow camera push',
      durationSeconds: 5,
    },
    expected: 'succeeded',
  },
  {
    jobId: 'cardboard-city',
    shows: 'a video, Temporal killed meanwhile',
    request: {
      model: 'nexusflow/happyhorse-1.0-t2v',
      prompt: 'A city of cardboard comes alive at night',
      resolution: '1080P',
      aspectRatio: '16:9',
      durationSeconds: 4,
    },
    expected: 'succeeded',
  },
  {
    jobId: 'rainy-street',
    shows: 'a video paid in yuan',
    request: {
      model: 'nexusflow-cny/happyhorse-1.0-t2v',
      prompt: 'Rain on a street of neon signs',
      aspectRatio: '9:16',
      durationSeconds: 5,
    },
    expected: 'succeeded',
  },
  {
    jobId: 'lost-reply',
    shows: 'a reply that is lost: found in the list, not bought again',
    request: {
      model: 'nexusflow/wan2.6-t2v',
      prompt: 'A letter in a bottle [sim:drop-reply]',
      durationSeconds: 3,
    },
    expected: 'succeeded',
  },
  {
    jobId: 'refused-render',
    shows: 'a task that fails at the provider: free',
    request: {
      model: 'nexusflow/pixverse-v6',
      prompt: 'A render that fails [sim:fail]',
      audio: false,
      durationSeconds: 3,
    },
    expected: 'failed',
  },
  {
    jobId: 'gateway-clip',
    shows: 'a video through a gateway',
    request: {
      model: 'gateway/kling-v2',
      prompt: 'A paper boat in a gutter',
      extra: { duration: '5' },
    },
    expected: 'succeeded',
  },
  {
    jobId: 'window-cat',
    shows: 'an asynchronous image',
    request: { model: 'dieyuyun/gpt-image-2', prompt: 'A cat on a windowsill', size: '1024x1024' },
    expected: 'succeeded',
  },
  {
    jobId: 'second-thoughts',
    shows: 'a task that is cancelled in time',
    request: {
      model: 'dieyuyun/gpt-image-2',
      prompt: `An image ${ENDLESS_PROMPT}`,
      size: '512x512',
    },
    expected: 'cancelled',
    isCancelled: true,
  },
];

/** The configuration that the demo's worker reads: three dialects, four accounts, intervals for the impatient. */
export function toDemoConfig(addresses: {
  readonly temporal: string;
  readonly dollars: string;
  readonly yuan: string;
}): string {
  const timing =
    '{ firstPollSeconds: 2, minPollSeconds: 1, maxPollSeconds: 3, submitTimeoutSeconds: 8, settleSeconds: 1, listSettleSeconds: 60 }';
  const account = (name: string, provider: string, baseUrl: string, rest: string): string =>
    `  ${name}:
    provider: ${provider}
    baseUrl: ${baseUrl}
    apiKey: { env: POLLUX_DEMO_KEY }
    allowPrivateHosts: true
    limits: { submitsPerMinute: 600, pollsPerMinute: 600, concurrentTasks: 10 }
    timing: ${timing}
${rest}`;
  return `temporal: { address: "${addresses.temporal}" }
ledger: { url: "sqlite:ledger.db" }
storage: { url: "file:artifacts" }
spool: { directory: spool }
accounts:
${account('nexusflow', 'nexusflow', `${addresses.dollars}/nexusflow`, '    currency: USD\n    exclusive: true\n')}
${account('nexusflow-cny', 'nexusflow', `${addresses.yuan}/nexusflow`, '    currency: CNY\n')}
${account('gateway', 'rixapi', `${addresses.dollars}/rixapi`, '    currency: USD\n')}
${account('dieyuyun', 'dieyuyun', `${addresses.dollars}/dieyuyun`, '    currency: CNY\n')}`;
}
