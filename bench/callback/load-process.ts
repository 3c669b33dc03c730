import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { serveQuestions } from '../bench-process.ts';

/** Sends as fast as answers come. */
export interface LoadQuestion {
  readonly origin: string;
  readonly seconds: number;
  /** Sent in turn; the load ends with them where `isOnce`. */
  readonly paths: readonly string[];
  readonly isOnce?: boolean;
}

export interface LoadAnswer {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const CONNECTIONS = 32;
const BODY = JSON.stringify({ id: 'task_1', status: 'completed', created_at: 1_711_234_567 });
const HEADERS = { 'content-type': 'application/json' };

async function load({ origin, seconds, paths, isOnce }: LoadQuestion): Promise<LoadAnswer> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1000;
  let sent = 0;
  const send = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const path = paths[isOnce === true ? sent : sent % paths.length];
      if (path === undefined) return;
      sent += 1;
      const sentMs = performance.now();
      const answer = await pool.request({ method: 'POST', path, body: BODY, headers: HEADERS });
      await answer.body.dump();
      times.push(performance.now() - sentMs);
      statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
  const passedSeconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  times.sort((left, right) => left - right);
  const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  return {
    perSecond: times.length / passedSeconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    statuses,
  };
}

serveQuestions((question) => load(question as LoadQuestion));
