/** Lines with seventeen mistakes, and what is said of each, in order. Good lines stand between. */
export const SECRET = 'the secret storyboard';

const good = (id: string): string =>
  JSON.stringify({ id, model: 'studio/wan2.6-t2v', prompt: SECRET, durationSeconds: 5 });

const bad = (id: unknown, members: object): string =>
  JSON.stringify({
    id,
    model: 'studio/wan2.6-t2v',
    prompt: SECRET,
    durationSeconds: 5,
    ...members,
  });

export const BAD_LINES: readonly string[] = [
  good('shot-1'),
  bad('shot-2', { durationSeconds: 99 }),
  bad('shot-3', { resolution: '8K', seed: 1.5 }),
  good('shot-1'),
  '',
  bad('shot 6', {}),
  bad(undefined, {}),
  bad('shot-8', { model: 'wan2.6-t2v' }),
  bad('shot-9', { model: 'nobody/wan2.6-t2v' }),
  bad('shot-10', { model: 'studio/wan9' }),
  bad('shot-11', { promt: SECRET }),
  bad('shot-12', { imageUrls: ['file:///etc/passwd'] }),
  bad('shot-13', { prompt: '' }),
  `{"id":"shot-14","prompt":"${SECRET}`,
  '"shot-15"',
  bad('shot-16', { durationSeconds: '5', audio: 'yes' }),
  bad('shot-17', { extra: [1] }),
  good('shot-18'),
];

export const BAD_MESSAGES: readonly RegExp[] = [
  /^line 2: durationSeconds \(99\): must be/,
  /^line 3: (resolution|seed) \(/,
  /^line 3: (resolution|seed) \(/,
  /^line 4: id \("shot-1"\): is the id of line 1, too$/,
  /^line 6: id \("shot 6"\): must start with a letter or digit/,
  /^line 7: id \(missing\): must be a text$/,
  /^line 8: model \("wan2.6-t2v"\): must be <account>\/<model>$/,
  /^line 9: model \("nobody\/wan2.6-t2v"\): no account "nobody" is configured/,
  /^line 10: model \("studio\/wan9"\): nexusflow has no such model/,
  /^line 11: promt \(21 characters\): is not known here; did you mean prompt\?$/,
  /^line 12: imageUrls\[0\] \(18 characters\): must be an http or https URL$/,
  /^line 13: prompt \(0 characters\): must not be empty$/,
  /^line 14: must be one JSON object$/,
  /^line 15: must be one JSON object$/,
  /^line 16: durationSeconds \("5"\): must be a number$/,
  /^line 16: audio \("yes"\): must be true or false$/,
  /^line 17: extra \(given\): must be a JSON object$/,
];
