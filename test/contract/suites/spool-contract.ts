import { equal, notEqual, ok } from 'node:assert/strict';

import type { OutcomeRecord } from '../../../src/core/ledger.ts';
import type { Spool, SpoolRecord } from '../../../src/core/spool.ts';
import type { ContractCase } from './contract-case.ts';
import { equalValues } from './equal-values.ts';

/** A fresh, empty spool, and how to remove it. */
export interface SpoolUnderTest {
  readonly spool: Spool;
  /** Another spool at the same place, as another process of this host has it. */
  again(): Spool;
  /** Damages what is kept under a name, so that nobody can read it any more. */
  damage(name: string): Promise<void>;
  dispose(): Promise<void>;
}

export interface SpoolContractOptions {
  /** Every case opens its own spool and disposes of it. */
  readonly open: () => Promise<SpoolUnderTest>;
}

/** The laws of the Spool port. An implementation that passes every case can take the place of any other. */
export function spoolContract(options: SpoolContractOptions): readonly ContractCase[] {
  return Object.entries(LAWS).map(([name, law]) => ({
    name,
    run: async () => {
      const target = await options.open();
      try {
        await law(target);
      } finally {
        await target.dispose();
      }
    },
  }));
}

const SNAPSHOT = { status: 'running', providerStatus: 'running' } as const;

const OUTCOMES: readonly OutcomeRecord[] = [
  {
    outcome: 'accepted',
    source: 'reply',
    taskId: 'task_1',
    operation: { taskId: 'task_1', baseUrl: 'https://example.com', nothing: null, deep: [[1]] },
    snapshot: {
      status: 'succeeded',
      providerStatus: 'completed',
      outputs: [{ source: 'inline', base64: 'aGVsbG8=', kind: 'image' }],
    },
  },
  {
    outcome: 'rejected',
    error: { code: 'provider.rate_limited', message: 'slow down', details: { status: 429 } },
    final: false,
  },
  {
    outcome: 'unknown',
    evidence: { reason: 'cut', httpStatus: 200, body: '{"id":"task_\u{1f600}\u2028\\"' },
  },
];

function recordOf(jobId: string, outcome: OutcomeRecord = accepted(jobId)): SpoolRecord {
  return { jobId, number: 1, outcome, worker: 'worker-1', at: '2026-11-21T12:00:00.000Z' };
}

function accepted(jobId: string): OutcomeRecord {
  const taskId = `task_${jobId.replace('/', '-')}`;
  return {
    outcome: 'accepted',
    source: 'reply',
    taskId,
    operation: { taskId },
    snapshot: SNAPSHOT,
  };
}

async function appendAll(spool: Spool, ...jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) await spool.append(recordOf(jobId));
}

async function jobIdsOf(spool: Spool): Promise<readonly string[]> {
  return (await spool.records()).map(({ record }) => record.jobId);
}

async function nameOf(spool: Spool, jobId: string): Promise<string> {
  const found = (await spool.records()).find(({ record }) => record.jobId === jobId);
  ok(found !== undefined, `${jobId} is not in the spool`);
  return found.name;
}

const LAWS: Readonly<Record<string, (target: SpoolUnderTest) => Promise<void>>> = {
  'a new spool holds nothing': async ({ spool }) => {
    equalValues(await spool.records(), []);
  },

  'a record is read as it was written, whatever its outcome': async ({ spool, again }) => {
    const written = OUTCOMES.map((outcome, index) => recordOf(`batch/item-${index}`, outcome));
    for (const record of written) await spool.append(record);

    equalValues(
      (await spool.records()).map(({ record }) => record),
      written,
    );
    equalValues(await again().records(), await spool.records());
  },

  'records are read oldest first': async ({ spool }) => {
    const jobIds = Array.from({ length: 20 }, (_, index) => `job-${index}`);
    await appendAll(spool, ...jobIds);

    equalValues(await jobIdsOf(spool), jobIds);
  },

  'one record written twice is two records': async ({ spool }) => {
    await appendAll(spool, 'job-1', 'job-1');

    const [first, second] = await spool.records();

    notEqual(first?.name, second?.name);
    equalValues(first?.record, second?.record);
  },

  'records that are written at once are all there': async ({ spool, again }) => {
    const jobIds = Array.from({ length: 20 }, (_, index) => `job-${index}`);
    const spools = [spool, again()];
    await Promise.all(
      jobIds.map((jobId, index) => (spools[index % 2] ?? spool).append(recordOf(jobId))),
    );

    equalValues([...(await jobIdsOf(spool))].sort(), [...jobIds].sort());
  },

  'removing a record removes no other': async ({ spool, again }) => {
    await appendAll(spool, 'job-1', 'job-2');
    const name = await nameOf(spool, 'job-1');
    await appendAll(again(), 'job-1');

    await spool.remove(name);

    equalValues([...(await jobIdsOf(spool))].sort(), ['job-1', 'job-2']);
  },

  'removing a record twice is success': async ({ spool, again }) => {
    await appendAll(spool, 'job-1', 'job-2');
    const name = await nameOf(spool, 'job-1');

    await spool.remove(name);
    await spool.remove(name);
    await again().remove(name);

    equalValues(await jobIdsOf(spool), ['job-2']);
  },

  'a damaged record hides no other and comes back to nobody': async ({ spool, again, damage }) => {
    await appendAll(spool, 'job-1', 'job-2', 'job-3');
    await damage(await nameOf(spool, 'job-2'));

    equalValues(await jobIdsOf(spool), ['job-1', 'job-3']);
    equalValues(await jobIdsOf(again()), ['job-1', 'job-3']);
    await appendAll(spool, 'job-4');
    equalValues(await jobIdsOf(spool), ['job-1', 'job-3', 'job-4']);
  },

  'a probe leaves nothing and touches nothing': async ({ spool }) => {
    await spool.probe();
    equalValues(await spool.records(), []);
    await appendAll(spool, 'job-1');

    await Promise.all([spool.probe(), spool.probe()]);

    equal((await spool.records()).length, 1);
  },
};
