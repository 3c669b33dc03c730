import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { CALM } from './world/faults.ts';
import { playInSmallWorld } from './world/small-world.ts';

// What a job looks like that its budget refuses: the whole workflow, in virtual time.

const JOBS = ['job-1', 'job-2', 'job-3'] as const;
/** What one job of five seconds costs in the model. */
const PRICE_MICROS = 450_000;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

it('a job that does not fit its budget fails before anything is bought, and says limit, spent, reserved and asked', async () => {
  const world = await playInSmallWorld({
    jobs: JOBS.map((jobId, index) => ({
      jobId,
      input: { tenant: 'acme', request: { model: 'main/video', durationSeconds: 5 } },
      startAfterMs: 10 + index * 60_000,
    })),
    faults: () => CALM,
    budgets: [
      {
        name: 'acme-once',
        scope: 'tenant',
        of: 'acme',
        currency: 'USD',
        limitMicros: String(PRICE_MICROS),
        per: 'ever',
      },
    ],
  });

  const [first, ...others] = JOBS.map((jobId) => world.resultOf(jobId));
  expect(first).toMatchObject({ status: 'succeeded', cost: { micros: String(PRICE_MICROS) } });
  for (const refused of others) {
    expect(refused).toMatchObject({
      status: 'failed',
      account: 'main',
      model: 'video',
      submissions: 0,
      cost: null,
      error: {
        code: 'request.over_budget',
        details: {
          budget: 'acme-once',
          limitMicros: String(PRICE_MICROS),
          spentMicros: String(PRICE_MICROS),
          reservedMicros: '0',
          askedMicros: String(PRICE_MICROS),
        },
      },
    });
  }
  expect(world.services.get('realm')?.creates).toHaveLength(1);
});
