import { resolve } from 'node:path';
import { s3UrlProblem } from '../core/s3-url.ts';

/** The section as it is written. */
export interface StorageDocument {
  readonly url: string;
  readonly temporary?: string | undefined;
}

export type StorageLocation =
  | {
      readonly kind: 'file';
      /** As a person reads it: `file:/absolute/path`. */
      readonly url: string;
      readonly path: string;
    }
  | {
      readonly kind: 's3';
      /** As it was written: it holds no credentials. */
      readonly url: string;
      /** Absolute path of the folder that takes the bytes until they are checked and sent. */
      readonly temporary: string;
    };

const TEMPORARY_DIRECTORY = '.pollux/transfers';

export interface StorageProblem {
  readonly field: keyof StorageDocument;
  readonly rule: string;
}

/** What is wrong with the section; `undefined` for nothing. */
export function storageProblem({ url, temporary }: StorageDocument): StorageProblem | undefined {
  if (url.startsWith('s3:')) {
    const rule = s3UrlProblem(url);
    return rule === undefined ? undefined : { field: 'url', rule };
  }
  if (!/^file:./.test(url))
    return { field: 'url', rule: 'must be file:PATH or s3://bucket/prefix' };
  if (temporary === undefined) return undefined;
  return {
    field: 'temporary',
    rule: 'is for s3:// only: a store of files keeps its temporaries in its own folder',
  };
}

/** Relative paths become absolute: those of URLs by `toPath`. */
export function toStorageLocation(
  { url, temporary = TEMPORARY_DIRECTORY }: StorageDocument,
  directory: string,
  toPath: (url: string) => string,
): StorageLocation {
  if (url.startsWith('s3:')) return { kind: 's3', url, temporary: resolve(directory, temporary) };
  const path = toPath(url);
  return { kind: 'file', url: `file:${path}`, path };
}
