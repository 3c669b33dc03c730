import type { ArtifactStore, TemporaryObject } from '../core/artifact-store.ts';
import type { BodyPosition, BodyStart, MediaReceiver } from '../core/media.ts';
import type { ProgressReport, ResumePoint } from './transfer-progress.ts';

/** How much is flushed at once along the way: later flushes find less to do, and a later attempt loses no more. */
const FLUSH_BYTES = 16 * 1024 ** 2;
/** Less is not worth another attempt's request for the rest. */
const WORTH_KEEPING_BYTES = 1024 ** 2;

/** Takes a body into a temporary object of the store, and up from where an earlier attempt left off. */
export class Reception implements MediaReceiver {
  readonly #store: ArtifactStore;
  readonly #key: string;
  readonly #report: ProgressReport;
  readonly #resumed: ResumePoint | undefined;
  #temporary: TemporaryObject;
  #body: Pick<ResumePoint, 'origin' | 'entityTag'> | undefined;
  #flushing: Promise<void> | undefined;
  #flushTrouble: Error | undefined;
  #flushedBytes: number;

  private constructor(
    store: ArtifactStore,
    key: string,
    report: ProgressReport,
    temporary: TemporaryObject,
    resumed: ResumePoint | undefined,
  ) {
    this.#store = store;
    this.#key = key;
    this.#report = report;
    this.#temporary = temporary;
    this.#resumed = resumed;
    this.#flushedBytes = temporary.sizeBytes;
  }

  /** `resume`: what an earlier attempt left, perhaps on another machine. */
  static async open(
    store: ArtifactStore,
    key: string,
    report: ProgressReport,
    resume: ResumePoint | null,
  ): Promise<Reception> {
    const left = resume === null ? undefined : await store.resumeTemporary(key, resume.mark);
    report.update({ resume: null });
    if (resume !== null && left !== undefined) {
      return new Reception(store, key, report, left, resume);
    }
    return new Reception(store, key, report, await store.openTemporary(key), undefined);
  }

  get temporary(): TemporaryObject {
    return this.#temporary;
  }

  /** Where the body should begin; `undefined`: at its first byte. */
  get position(): BodyPosition | undefined {
    if (this.#resumed === undefined) return undefined;
    const { origin, entityTag } = this.#resumed;
    return { origin, entityTag, offset: this.#temporary.sizeBytes };
  }

  async begin({ offset, sizeBytes, origin, entityTag }: BodyStart): Promise<void> {
    if (offset !== this.#temporary.sizeBytes) await this.#startOver();
    if (sizeBytes !== undefined) await this.#temporary.requireRoom(sizeBytes - offset);
    this.#body = entityTag === undefined ? undefined : { origin, entityTag };
    this.#report.update({ bytes: offset, totalBytes: sizeBytes ?? null });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#flushTrouble !== undefined) throw this.#flushTrouble;
    await this.#temporary.write(bytes);
    this.#report.update({ bytes: this.#temporary.sizeBytes });
    if (this.#temporary.sizeBytes - this.#flushedBytes >= FLUSH_BYTES) this.#flush();
  }

  /** Leaves the bytes to a later attempt where the host lets it go on from them; else removes them. */
  async leave(): Promise<void> {
    await this.#flushing;
    const isWorthIt = this.#temporary.sizeBytes >= WORTH_KEEPING_BYTES;
    if (this.#body === undefined || !isWorthIt || this.#flushTrouble !== undefined) {
      await this.discard();
      return;
    }
    const mark = await this.#temporary.mark();
    await this.#temporary.close();
    this.#report.leave({ mark, ...this.#body });
  }

  async discard(): Promise<void> {
    await this.#flushing;
    this.#report.update({ resume: null });
    await this.#temporary.discard();
  }

  async #startOver(): Promise<void> {
    await this.#temporary.discard();
    this.#temporary = await this.#store.openTemporary(this.#key);
    this.#flushedBytes = 0;
  }

  /** Beside the transfer; one at a time. */
  #flush(): void {
    if (this.#flushing !== undefined) return;
    const body = this.#body;
    this.#flushedBytes = this.#temporary.sizeBytes;
    this.#flushing = this.#temporary
      .mark()
      .then(
        (mark) => {
          if (body !== undefined) this.#report.leave({ mark, ...body });
        },
        (error: unknown) => {
          this.#flushTrouble = error instanceof Error ? error : new Error(String(error));
        },
      )
      .finally(() => {
        this.#flushing = undefined;
      });
  }
}
