import { toLocalTaskId, toProvenanceKey } from '../../../src/core/keys.ts';
import { isFirstHand } from '../../../src/core/ledger.ts';
import type { EntryRecord, SubmissionRecord } from '../../../src/core/ledger.ts';
import type { Provenance } from '../../../src/core/provenance.ts';
import { sha256Of } from './memory-store.ts';
import type { Create, ProviderService } from './provider-service.ts';
import { FOREIGN, mediaOf, secondsOf } from './provider-service.ts';
import type { World } from './world.ts';

/** Invariants of the fault model, and `code` for what the code under test must never do. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'code';

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

interface Placed {
  readonly realm: string;
  readonly service: ProviderService;
  readonly create: Create;
}

/** Judges a world that has settled, by the provider's own log first. */
export function check(world: World, hasSettled: boolean): readonly Violation[] {
  return [
    ...world.server.problems.map((what) => ({ invariant: 'code' as const, what })),
    ...checkCreates(world),
    ...checkPlaces(world),
    ...checkEnds(world, hasSettled),
    ...checkOutputs(world),
    ...checkMoney(world),
    ...checkStickiness(world),
  ];
}

function createsOf(world: World): readonly Placed[] {
  return [...world.services].flatMap(([realm, service]) =>
    service.creates.map((create) => ({ realm, service, create })),
  );
}

/** I1: a submission is sent once, and a job has at most one accepted create more than recorded decisions. */
function checkCreates(world: World): readonly Violation[] {
  const perJob = new Map<string, number>();
  for (const { create } of createsOf(world)) {
    if (create.jobId === FOREIGN) continue;
    perJob.set(create.jobId, (perJob.get(create.jobId) ?? 0) + 1);
  }
  const violations: Violation[] = [];
  for (const service of world.services.values()) {
    for (const [submission, posts] of service.posts) {
      if (posts > 1)
        violations.push({ invariant: 'I1', what: `${submission} was sent ${posts} times` });
    }
  }
  for (const [jobId, creates] of perJob) {
    const decisions = [...world.book.decisions.values()].filter(
      (one) => one.jobId === jobId && (one.kind === 'resubmit' || one.kind === 'rerun'),
    ).length;
    if (creates <= 1 + decisions || !world.book.jobs.has(jobId)) continue;
    const what = `job ${jobId}: ${creates} creates were accepted with ${decisions} decisions`;
    violations.push({ invariant: 'I1', what });
  }
  return violations;
}

/** I2: each accepted create is its own submission's, or that submission is unknown, or the create can be found. */
function checkPlaces(world: World): readonly Violation[] {
  return createsOf(world).flatMap((placed) => {
    const { jobId, number, taskId } = placed.create;
    const wrong = whatIsWrongWith(world, placed);
    if (wrong === undefined) return [];
    const what = `create ${taskId} of submission ${number} of job ${jobId} ${wrong}`;
    return [{ invariant: 'I2', what } as const];
  });
}

function whatIsWrongWith(world: World, { realm, service, create }: Placed): string | undefined {
  const { jobId, number, taskId } = create;
  const owner = world.book.ownerOf(realm, taskId) ?? localOwner(world, realm, create);
  const own = world.book.find({ jobId, number });
  // An operator's word is taken, also where it is wrong.
  if (owner?.source === 'operator' || own?.source === 'operator') return undefined;
  if (owner !== undefined) {
    if (owner.jobId === jobId && owner.number === number) return undefined;
    return `is bound to submission ${owner.number} of job ${owner.jobId} (${owner.source ?? ''})`;
  }
  if (jobId === FOREIGN || own?.state === 'unknown') return undefined;
  if (isFindable(world, service, realm, create)) return undefined;
  return `is lost: its submission is ${own?.state ?? 'absent'}, no orphan names it`;
}

function localOwner(world: World, realm: string, create: Create): SubmissionRecord | undefined {
  if (create.isListed) return undefined;
  return world.book.ownerOf(realm, toLocalTaskId(create.jobId, create.number));
}

function isFindable(
  world: World,
  service: ProviderService,
  realm: string,
  { taskId, jobId, number }: Create,
): boolean {
  const named = [`${realm} ${taskId}`, `${realm} ${toLocalTaskId(jobId, number)}`];
  if (named.some((key) => world.book.orphans.has(key))) return true;
  const isSwept = world.options.accounts.some(
    (account) => account.realm === realm && account.exclusive && account.api.startsWith('lists'),
  );
  return isSwept && service.list(100).tasks.some((task) => task.taskId === taskId);
}

/** I3: each job has ended or is held; and an ended job holds no place. */
function checkEnds(world: World, hasSettled: boolean): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (what: string): void => void violations.push({ invariant: 'I3', what });
  if (!hasSettled) add('the installation never came to rest');
  for (const { jobId } of world.options.jobs) {
    const run = world.runOf(jobId);
    if (run?.end === undefined) {
      const status = world.stateOf(jobId)?.status;
      if (status !== 'held')
        add(`job ${jobId} neither ended nor is it held: ${status ?? 'unseen'}`);
      continue;
    }
    if (run.end.kind === 'terminated' || !world.book.jobs.has(jobId)) continue;
    const job = world.book.requireJob(jobId);
    if (job.end === null && !isConflicted(world, jobId)) {
      add(`job ${jobId} ended ${run.end.kind}, and the ledger does not know it`);
    }
    const open = world.book.submissionsOf(jobId).filter((row) => row.endedAt === null);
    if (job.end !== null && open.length > 0) add(`job ${jobId} ended and keeps a place`);
  }
  return violations;
}

function isConflicted(world: World, jobId: string): boolean {
  const code = world.resultOf(jobId)?.error?.code;
  return code === 'request.conflict' || code === 'ledger.conflict';
}

/** `job.json` is whole, and about the files beside it. */
function isDescription(key: string, bytes: Uint8Array): boolean {
  const { jobId, submission } = JSON.parse(Buffer.from(bytes).toString()) as Provenance;
  return toProvenanceKey(jobId, submission) === key;
}

/** I4: a job that succeeded has each output once, at its key, with the bytes of its own task. */
function checkOutputs(world: World): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (what: string): void => void violations.push({ invariant: 'I4', what });
  for (const [key, bytes] of world.store.objects) {
    const isWhole = key.endsWith('/job.json')
      ? isDescription(key, bytes)
      : secondsOf(bytes) !== undefined;
    if (key.startsWith('jobs/') && !isWhole) add(`${key} holds a part of a file`);
  }
  for (const job of world.book.jobs.values()) {
    if (job.end !== 'succeeded' || job.result === null) continue;
    const { artifacts } = job.result;
    const row = world.book
      .submissionsOf(job.jobId)
      .find((one) => one.taskId === job.result?.taskId);
    const truth = row === undefined ? undefined : truthOf(world, row);
    if (truth === undefined) {
      add(
        `job ${job.jobId} succeeded with task ${job.result.taskId ?? 'none'}, which it does not hold`,
      );
      continue;
    }
    if (artifacts.length !== truth.script.outputs) {
      add(`job ${job.jobId} has ${artifacts.length} of ${truth.script.outputs} outputs`);
    }
    for (const { index, key, sha256, sizeBytes } of artifacts) {
      const bytes = world.store.objects.get(key);
      const expected = sha256Of(mediaOf(truth, index));
      const isRight = bytes !== undefined && sha256Of(bytes) === expected && sha256 === expected;
      if (!isRight || bytes.length !== sizeBytes)
        add(`${key} of job ${job.jobId} is not its output`);
    }
    const recorded = (world.book.artifacts.get(job.jobId) ?? []).filter(
      (one) => one.number === row?.number,
    );
    if (recorded.length !== artifacts.length) add(`job ${job.jobId}: artifacts are not recorded`);
  }
  return violations;
}

/** The create behind the task that a submission holds. */
function truthOf(world: World, row: SubmissionRecord): Create | undefined {
  const service = world.services.get(row.realm);
  const { jobId, number, taskId } = row;
  if (taskId === null) return undefined;
  if (taskId !== toLocalTaskId(jobId, number)) return service?.find(taskId);
  return service?.creates.find(
    (one) => one.jobId === jobId && one.number === number && !one.isListed,
  );
}

/** I5: one charge per task, the amount exact; nothing is charged without a task; no reservation outlives its job. */
function checkMoney(world: World): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (what: string): void => void violations.push({ invariant: 'I5', what });
  const charged = new Map<string, number>();
  for (const row of world.book.allSubmissions()) {
    const entries = world.book.entriesOf(row);
    const name = `submission ${row.number} of job ${row.jobId}`;
    checkEntries(entries, name, add);
    const net = netCharge(entries);
    const isCharged = entries.some(({ kind }) => kind === 'charge') && net !== 0n;
    if (isCharged && row.taskId === null) add(`${name} is charged and holds no task`);
    if (isCharged && row.taskId !== null) {
      const task = `${row.realm} ${row.taskId}`;
      charged.set(task, (charged.get(task) ?? 0) + 1);
    }
    checkCharge(world, row, entries, add);
  }
  for (const [task, times] of charged) if (times > 1) add(`task ${task} is charged ${times} times`);
  return violations;
}

function netCharge(entries: readonly EntryRecord[]): bigint {
  return entries
    .filter(({ kind }) => kind === 'charge' || kind === 'adjust')
    .reduce((sum, { micros }) => sum + BigInt(micros), 0n);
}

function checkEntries(
  entries: readonly EntryRecord[],
  name: string,
  add: (what: string) => void,
): void {
  const kinds = entries.map(({ kind, sequence }) => `${kind} ${sequence}`);
  if (new Set(kinds).size !== kinds.length) add(`${name} has an entry twice: ${kinds.join(', ')}`);
  const settled = entries.filter(({ kind }) => kind === 'charge' || kind === 'release');
  if (settled.length > 1) add(`${name} is charged and released`);
}

function checkCharge(
  world: World,
  row: SubmissionRecord,
  entries: readonly EntryRecord[],
  add: (what: string) => void,
): void {
  const job = world.book.requireJob(row.jobId);
  const name = `submission ${row.number} of job ${row.jobId}`;
  const reserve = entries.find(({ kind }) => kind === 'reserve');
  if (reserve === undefined) return;
  const isOpen = entries.every(({ kind }) => kind === 'reserve');
  if (job.end !== null && isOpen) add(`${name} has ended with its reservation open`);
  const truth = row.state === 'accepted' ? truthOf(world, row) : undefined;
  const service = world.services.get(row.realm);
  const isPaid = truth !== undefined && service?.isBilled(truth) === true;
  const charge = entries.find(({ kind }) => kind === 'charge');
  if (charge !== undefined && truth !== undefined && !isPaid) add(`${name} is charged for nothing`);
  if (job.end === 'succeeded' && isPaid && row.taskId === job.result?.taskId) {
    const expected = expectedMicros(row.model, reserve, truth);
    const net = netCharge(entries);
    if (net !== expected) add(`${name} is charged ${net} micros, owed are ${expected}`);
  }
  const releases = entries.some(({ kind }) => kind === 'release');
  if (releases && isPaid) add(`${name} is released, and its task was billed`);
}

function expectedMicros(model: string, reserve: EntryRecord, { script }: Create): bigint {
  if (model !== 'edit') return BigInt(reserve.micros);
  return BigInt(script.seconds * script.outputs) * 90_000n;
}

/** I6: what is decided stays decided. */
function checkStickiness(world: World): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (what: string): void => void violations.push({ invariant: 'I6', what });
  for (const { jobId, number, from, to } of world.book.transitions) {
    if (from === undefined) continue;
    const name = `submission ${number} of job ${jobId}`;
    const isTaken = from.state === 'accepted' && to.state === 'unknown' && to.taskId === null;
    const mayTake = isTaken && from.source !== null && !isFirstHand(from.source);
    if (from.state === 'rejected' && to.state !== 'rejected')
      add(`${name}: rejected → ${to.state}`);
    if (from.state === 'accepted' && to.state !== 'accepted' && !mayTake) {
      add(`${name}: accepted (${from.source ?? 'no source'}) → ${to.state}`);
    }
    if (from.state === 'accepted' && to.state === 'accepted' && from.taskId !== to.taskId) {
      add(`${name}: its task was replaced`);
    }
    if (from.state !== 'admitted' && to.state === 'admitted') add(`${name}: admitted again`);
    if (from.endedAt !== null && to.endedAt !== from.endedAt) add(`${name}: ended twice`);
  }
  const last = new Map<string, string>();
  for (const { jobId, end } of world.book.ends) {
    const known = last.get(jobId);
    const isRerun = end === null;
    if (known !== undefined && end !== known && !isRerun) add(`job ${jobId}: ${known} → ${end}`);
    if (end === null) last.delete(jobId);
    else last.set(jobId, end);
  }
  for (const { jobId } of world.options.jobs) {
    const [job, result] = [world.book.jobs.get(jobId), world.resultOf(jobId)];
    if (job?.end === undefined || job.end === null || result === undefined) continue;
    if (result.status !== job.end && !isConflicted(world, jobId)) {
      add(`job ${jobId}: the workflow ended ${result.status}, the ledger says ${job.end}`);
    }
  }
  for (const service of world.services.values()) {
    for (const taskId of service.destroyed)
      add(`the result of ${taskId} was destroyed by a cancel`);
  }
  return violations;
}
