import { parseS3Url, s3UrlProblem } from '../../../src/core/s3-url.ts';

describe('the URL of an S3 store', () => {
  it('names bucket and prefix, and what a server other than Amazon’s needs', () => {
    const url =
      's3://media/pollux/videos/?endpoint=http://10.0.0.5:7070&region=eu-1&pathStyle=true&checksums=whenRequired';

    expect(parseS3Url(url)).toEqual({
      bucket: 'media',
      prefix: 'pollux/videos/',
      endpoint: 'http://10.0.0.5:7070',
      region: 'eu-1',
      pathStyle: true,
      checksums: 'whenRequired',
    });
    expect(parseS3Url('s3://media')).toEqual({
      bucket: 'media',
      prefix: '',
      endpoint: undefined,
      region: undefined,
      pathStyle: false,
      checksums: 'whenSupported',
    });
  });

  it.each([
    ['s3://key:hunter2@bucket/x', 'must hold no credentials'],
    ['s3://hunter2@bucket/x', 'must hold no credentials'],
    ['s3://bucket?endpoint=https://key:hunter2@host', 'has an unusable endpoint'],
    ['s3://bucket?secretAccessKey=hunter2', 'has an option that does not exist'],
    ['s3://bucket?region=a&region=b', 'has an unusable region'],
    ['s3://bucket?pathStyle=yes', 'has an unusable pathStyle'],
    ['s3://bucket/a//b', 'must have a prefix of letters'],
    ['s3://bucket/a b', 'must have a prefix of letters'],
    ['s3://bucket:80/a', 'must name a bucket'],
    ['s3://', 'must name a bucket'],
    ['s3:bucket', 'must be like s3://bucket/prefix'],
  ])('"%s" is config.invalid, and is not repeated', (url, rule) => {
    expect(s3UrlProblem(url)).toContain(rule);
    expect(() => parseS3Url(url)).toThrow(/^storage\.url: (?!.*hunter2)/);
  });
});
