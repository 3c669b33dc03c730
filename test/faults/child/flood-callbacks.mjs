// A process of its own that sends callbacks at a fixed pace, whether or not the earlier ones are answered: so many a second of each
// kind, for so long. Prints one JSON line: per kind how often each status came, and how long answers took in milliseconds; and
// the same time for all that was sent within each second.
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { Pool } from 'undici';

const TICK_MS = 5;
const CONNECTIONS = 64;

const { origin, seconds, kinds } = JSON.parse(process.argv[2]);
const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
const headers = { 'content-type': 'application/json' };

async function send(kind, { path, body }) {
  const startedMs = performance.now();
  const status = await pool.request({ method: 'POST', path, body, headers }).then(
    async ({ statusCode, body: answer }) => {
      await answer.dump();
      return String(statusCode);
    },
    (error) => error.code ?? String(error),
  );
  kind.statuses[status] = (kind.statuses[status] ?? 0) + 1;
  const tookMs = performance.now() - startedMs;
  kind.times.push(tookMs);
  (bySecond[Math.floor((startedMs - beganMs) / 1000)] ??= []).push(tookMs);
}

const running = kinds.map((kind) => ({ ...kind, sent: 0, statuses: {}, times: [] }));
const answers = [];
const bySecond = [];
const beganMs = performance.now();
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const passed = Math.min(seconds, (performance.now() - beganMs) / 1000);
    for (const kind of running) {
      for (; kind.sent < Math.floor(passed * kind.perSecond); kind.sent += 1) {
        answers.push(send(kind, kind.requests[kind.sent % kind.requests.length]));
      }
    }
    if (passed < seconds) return;
    clearInterval(timer);
    resolve();
  }, TICK_MS);
});
await Promise.all(answers);
await pool.close();

const percentile = (times, share) =>
  times.sort((left, right) => left - right)[Math.floor((times.length - 1) * share)] ?? 0;
const report = running.map(({ name, sent, statuses, times }) => ({
  name,
  sent,
  statuses,
  p50Ms: percentile(times, 0.5),
  p99Ms: percentile(times, 0.99),
}));
const p99MsBySecond = bySecond.map((times) => percentile(times, 0.99));
console.log(JSON.stringify({ kinds: report, p99MsBySecond }));
