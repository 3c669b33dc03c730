import { violationsOf } from './audit-lines.ts';
import { MaintainedInstallation } from './maintained-installation.ts';

let here: MaintainedInstallation;

beforeEach(async () => {
  here = await MaintainedInstallation.open();
});

afterEach(async () => {
  await here.close();
});

describe('a job.json', () => {
  it('belongs to the recorded artifacts beside it', async () => {
    await here.succeeded('done');
    await here.publish('jobs/done/1/job.json', Buffer.from('{}'));

    expect(await violationsOf(here)).toEqual({});
  });

  it('violates I4 where no artifact beside it is recorded', async () => {
    await here.succeeded('done');
    await here.publish('jobs/done/2/job.json', Buffer.from('{}'));
    await here.publish('jobs/nobody/1/job.json', Buffer.from('{}'));

    expect(await violationsOf(here)).toEqual({
      I4: [
        'jobs/done/2/job.json is in the store and no record names it',
        'jobs/nobody/1/job.json is in the store and no record names it',
      ],
    });
  });
});
