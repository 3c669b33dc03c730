import type { TaskRecord } from '../task.ts';
import { hashOf } from '../timing.ts';
import { createJpeg } from './jpeg.ts';
import { createMp4 } from './mp4.ts';
import { createPng } from './png.ts';

/** The bytes of one output. The same task and index give the same bytes, another task gives others. */
export function renderFile(record: TaskRecord, index: number): Buffer {
  const { media } = record.spec;
  const label = `${record.id}-${index}`;
  if (media.kind === 'video') return createMp4({ ...media, label });
  const picture = { width: media.width, height: media.height, tint: hashOf(label), label };
  return media.format === 'png' ? createPng(picture) : createJpeg(picture);
}
