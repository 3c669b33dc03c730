import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BenchProcess } from '../bench-process.ts';
import { startBenchProcess } from '../bench-process.ts';
import { MIB } from '../sizes.ts';
import { MemoryWatch, residentMib } from '../memory.ts';
import type { PolluxAnswer, PolluxQuestion } from './pollux-process.ts';
import type { Scene } from './scene.ts';
import { urlOf } from './scene.ts';
import type { Transfer } from './transfer.ts';

const WARM_UP_BYTES = 16 * MIB;

/** Pollux in a process of its own, whose memory is watched. */
export class OurSide {
  readonly #process: BenchProcess<PolluxQuestion, PolluxAnswer>;
  readonly #levelMib: number;

  private constructor(process: BenchProcess<PolluxQuestion, PolluxAnswer>, levelMib: number) {
    this.#process = process;
    this.#levelMib = levelMib;
  }

  /** Starts it and has it download a little, so that everything is loaded. */
  static async start(scene: Scene, directory: string, storageUrl: string): Promise<OurSide> {
    const { cpuProf } = scene.options;
    const profiling =
      cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(cpuProf)}`];
    await mkdir(directory, { recursive: true });
    const process = await startBenchProcess<PolluxQuestion, PolluxAnswer>(
      './pollux-process.js',
      import.meta.url,
      { execArgv: profiling },
    );
    try {
      await process.ask({ kind: 'open', directory, storageUrl });
      await process.ask({ kind: 'store', urls: [urlOf(scene, WARM_UP_BYTES)] });
      return new OurSide(process, residentMib(process.pid));
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** Stores what the URLs serve, all at once. Returns the transfers, and how far memory rose over its level, in MiB. */
  async store(
    ...urls: readonly string[]
  ): Promise<{ readonly transfers: readonly Transfer[]; readonly growthMib: number }> {
    const watch = new MemoryWatch(this.#process.pid);
    const transfers = await this.#process.ask({ kind: 'store', urls }).finally(() => watch.stop());
    return { transfers, growthMib: watch.peakMib - this.#levelMib };
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
