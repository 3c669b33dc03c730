import type { BatchHandle } from '../client/batches-types.ts';
import { copyManifest } from './batch-manifest.ts';
import type { FollowedBatch } from './batch-follow.ts';
import { followBatch } from './batch-follow.ts';
import { showBatch } from './batch-show.ts';
import { HELD_EXIT_CODE, toBatchExitCode } from './batch-state.ts';
import { printJson, say } from './host.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** Options of the commands that follow a batch. */
export interface FollowBatchFlags {
  readonly json?: boolean;
  readonly waitHeld?: number;
}

export interface FollowToEnd extends FollowBatchFlags {
  readonly batch: BatchHandle;
  readonly session: Session;
  readonly terminal: Terminal;
  /** True: a line of JSON for every item as it ends, and nothing else on stdout. */
  readonly streamsItems: boolean;
  /** File that gets a copy of the output manifest. */
  readonly out?: string | undefined;
}

const INTERRUPTED_EXIT_CODE = 130;

/** Follows a batch, says how that ended and how to come back; returns the exit code. */
export async function followToEnd(options: FollowToEnd): Promise<number> {
  const { batch, session, terminal, streamsItems, waitHeld = 0 } = options;
  const followed = await followBatch({
    batch,
    session,
    terminal,
    waitHeldSeconds: waitHeld,
    ...(streamsItems ? { onResult: (result) => printJson(terminal, result) } : {}),
  });
  return await conclude(followed, options);
}

async function conclude(followed: FollowedBatch, options: FollowToEnd): Promise<number> {
  const { batch, session, terminal, streamsItems, json, out } = options;
  if (followed.outcome === 'interrupted') {
    say(terminal, `interrupted; the batch goes on\n${comeBack(batch.id)}`);
    return INTERRUPTED_EXIT_CODE;
  }
  const { state } = followed;
  if (!streamsItems) {
    if (json === true) printJson(terminal, state);
    else await showBatch(terminal, batch, state);
  }
  if (followed.outcome === 'held') {
    say(
      terminal,
      `every job in flight waits for a person; the batch goes on when they are decided\n` +
        `  pollux jobs list --held --batch ${batch.id}\n${comeBack(batch.id)}`,
    );
    return HELD_EXIT_CODE;
  }
  if (out !== undefined) {
    await copyManifest(session.installation.openStore(), batch.id, out);
    say(terminal, `wrote ${out}`);
  }
  return toBatchExitCode(state);
}

export function comeBack(id: string): string {
  return `  pollux batch status ${id} --follow`;
}
