import { MIB } from '../sizes.ts';

export interface DownloadOptions {
  /** Bytes. */
  readonly size: number;
  /** How many pairs. */
  readonly repeat: number;
  /** Folder for a CPU profile of our side. */
  readonly cpuProf?: string;
}

/** Where a store is measured. */
export interface Scene {
  /** Of this run; removed at its end. */
  readonly folder: string;
  /** Of the file server. */
  readonly origin: string;
  readonly options: DownloadOptions;
  /** False: what this machine has not is left out, and a line says so. */
  readonly isRequired: boolean;
}

const SMALLEST_BYTES = MIB;

export function urlOf({ origin }: Scene, sizeBytes: number): string {
  return `${origin}/${Math.max(SMALLEST_BYTES, sizeBytes)}.mp4`;
}
