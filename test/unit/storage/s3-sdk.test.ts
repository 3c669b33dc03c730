import { createArtifactStore } from '../../../src/storage/index.ts';

describe('without the AWS SDK', () => {
  beforeEach(() => {
    jest.doMock('@aws-sdk/client-s3', () => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    });
  });
  afterEach(() => {
    jest.dontMock('@aws-sdk/client-s3');
  });

  it('a store in a bucket can be named, and its first use is config.invalid that says what to install', async () => {
    const store = createArtifactStore('s3://media/pollux?region=eu-1');

    const refused = store.head('jobs/job-1/1/0.mp4');

    await expect(refused).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(refused).rejects.toThrow('npm install @aws-sdk/client-s3');
  });
});
