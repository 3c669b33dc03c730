import { ApplicationFailure, Context } from '@temporalio/activity';
import type {
  Activities,
  FollowAnswer,
  FollowProgress,
  FollowStep,
  JobPlan,
  OpenJobStep,
  StoreStep,
} from '../../src/activities/index.ts';
import { waitFor } from '../../src/activities/wait.ts';
import { DEFAULT_TIMING } from '../../src/core/account.ts';
import { toIsoTime } from '../../src/core/clock.ts';
import type { Artifact, JobInput } from '../../src/core/job.ts';
import { toArtifactKey } from '../../src/core/keys.ts';
import type { Quote } from '../../src/core/money.ts';
import { ACCOUNT, MODEL } from './config.ts';
import { fromPrompt } from './shape.ts';
import type { JobShape } from './shape.ts';

const QUOTE: Quote = {
  currency: 'USD',
  micros: '450000',
  basis: '5 s × 90000 micros/s, 720P',
  priceSource: 'NexusFlow video page, 2026-11-21',
  estimated: false,
};

/** Our activities without their effects: each answers at once what it answers when all goes well. */
export const noOpActivities: Activities = {
  openJob: async (step) => ({
    kind: 'open',
    plan: toPlan(step),
    number: step.number,
    armedAt: null,
  }),
  submit: async ({ jobId, request }) => ({
    outcome: 'accepted',
    taskId: `task-${jobId}`,
    operation: fromPrompt(request.prompt),
    snapshot: { status: 'running', providerStatus: 'running' },
  }),
  followTask: async (step) => follow(step),
  recordCost: async () => ({ kind: 'booked', cost: { ...QUOTE, state: 'charged' } }),
  storeArtifact: async (step) => ({
    kind: 'stored',
    artifact: toArtifact(step),
    isDescribed: step.describe !== undefined,
  }),
  writeProvenance: async () => undefined,
  closeJob: async ({ result }) => result,
  reconcile: unused,
  awaitOutcome: unused,
  resolveSubmission: unused,
  cancelTask: unused,
  adjustCost: unused,
};

/** Leaves its progress behind and fails softly, as the real one does, until the last reading. */
function follow(step: FollowStep): FollowAnswer {
  const previous = Context.current().info.heartbeatDetails as FollowProgress | undefined;
  const { polls, delayMs } = step.operation as JobShape;
  const reading = (previous?.polls ?? step.polls) + 1;
  const now = Date.now();
  const at = toIsoTime(now);
  if (reading >= polls) {
    const outputs = [{ source: 'url', url: 'http://127.0.0.1/video.mp4', kind: 'video' }] as const;
    const snapshot = { status: 'succeeded', providerStatus: 'completed', outputs } as const;
    return { kind: 'changed', snapshot, polls: reading, lastUnfinishedAt: at };
  }
  const progress: FollowProgress = {
    polls: reading,
    unchangedReadings: reading,
    troubledReadings: 0,
    status: 'running',
    progress: null,
    lastReadAt: at,
    nextPollAt: toIsoTime(now + delayMs),
    lastUnfinishedAt: at,
    trouble: null,
  };
  Context.current().heartbeat(progress);
  throw waitFor(
    'wait.unchanged',
    `unchanged: running; reading ${reading + 1} follows`,
    delayMs,
    progress,
  );
}

function toPlan({ jobId, input }: OpenJobStep): JobPlan {
  const { request } = input as JobInput;
  const { delayMs } = fromPrompt(request.prompt);
  const { firstPollSeconds, minPollSeconds, maxPollSeconds } = DEFAULT_TIMING;
  const cadence = { firstPollSeconds, minPollSeconds, maxPollSeconds };
  const bounds = { ...cadence, isMaxFixed: false, hasCallbacks: false };
  return {
    jobId,
    request,
    tenant: null,
    batch: null,
    account: ACCOUNT,
    provider: 'nexusflow',
    model: MODEL,
    kind: 'video',
    timing: DEFAULT_TIMING,
    quote: QUOTE,
    reading: { bounds, model: MODEL, variant: '', firstPollMs: delayMs },
    canCancel: false,
    onUnknown: 'hold',
  };
}

function toArtifact({ jobId, number, index }: StoreStep): Artifact {
  const key = toArtifactKey(jobId, number, index, 'mp4');
  return {
    index,
    key,
    url: `file:///artifacts/${key}`,
    sizeBytes: 5_000_000,
    sha256: 'a'.repeat(64),
    mediaType: 'video/mp4',
    width: 1280,
    height: 720,
    durationSeconds: 5,
    codec: 'AVC',
    framesPerSecond: 30,
    frames: 150,
  };
}

/** Fails the job, and with it the run: a step that is tried again and again would only look slow. */
async function unused(): Promise<never> {
  throw ApplicationFailure.nonRetryable('a job of the benchmark meets no trouble');
}
