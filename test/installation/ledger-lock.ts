import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';

const TRIES = 200;
const PAUSE_MS = 10;

/** Holds the write lock of a SQLite ledger, as another program would; the returned function gives it back, however often it is called. */
export async function lockLedger(path: string): Promise<() => void> {
  const database = new DatabaseSync(path);
  for (let left = TRIES; ; left -= 1) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      let isHeld = true;
      return () => {
        if (isHeld) database.close();
        isHeld = false;
      };
    } catch (error) {
      if (left === 0) throw error;
      await delay(PAUSE_MS);
    }
  }
}
