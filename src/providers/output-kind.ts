import type { MediaKind } from '../core/job.ts';

const KIND_BY_EXTENSION: ReadonlyMap<string, MediaKind> = new Map([
  ...['png', 'jpg', 'jpeg', 'webp', 'gif', 'avif'].map((name) => [name, 'image'] as const),
  ...['mp4', 'webm', 'mov', 'm4v', 'mkv'].map((name) => [name, 'video'] as const),
  ...['mp3', 'wav', 'm4a', 'aac', 'ogg', 'flac'].map((name) => [name, 'audio'] as const),
]);

/** What the file extension of a URL's path promises; `undefined` where it promises nothing. A label, not a proof. */
export function kindOfUrl(url: string): MediaKind | undefined {
  if (!URL.canParse(url)) return undefined;
  const extension = /\.([A-Za-z0-9]+)$/.exec(new URL(url).pathname)?.[1] ?? '';
  return KIND_BY_EXTENSION.get(extension.toLowerCase());
}
