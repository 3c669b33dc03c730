import { constants, setPriority } from 'node:os';
import { performance } from 'node:perf_hooks';
import { submit } from '../../../dist/src/activities/submit.js';
import { openJob } from '../../../dist/src/activities/open-job.js';

/** Submits one job after the other. Returns the milliseconds of each POST, and of all else that its submit did. */
export async function measureOverhead(ports, { request, timeoutMs, warmUps, submits }) {
  preferThisProcess();
  const watch = { postMs: 0 };
  const watched = { ...ports, accounts: watchPosts(ports.accounts, watch) };
  const posts = [];
  const overheads = [];
  for (let index = 0; index < warmUps + submits; index += 1) {
    const id = { jobId: `measured-${index}`, number: 1 };
    await openJob(ports, { ...id, input: { request }, startedAtMs: Date.now() });
    const startedMs = performance.now();
    const { outcome } = await submit(watched, { ...id, request, timeoutMs }, () => undefined);
    const wholeMs = performance.now() - startedMs;
    if (outcome !== 'accepted') throw new Error(`submit ${index} ended ${outcome}`);
    if (index < warmUps) continue;
    posts.push(watch.postMs);
    overheads.push(wholeMs - watch.postMs);
  }
  return { posts, overheads };
}

/** What else the machine does is not to be measured. Only a privileged process may prefer itself. */
function preferThisProcess() {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch (error) {
    if (error.info?.code !== 'EACCES' && error.info?.code !== 'EPERM') throw error;
  }
}

/** The last check is part of the protocol, not of the POST. */
function watchPosts(accounts, watch) {
  const toWatched = ({ account, provider }) => ({
    account,
    provider: {
      ...provider,
      submit: async (request, context) => {
        let checkMs = 0;
        const lastCheck = async () => {
          const startedMs = performance.now();
          const maySend = await context.lastCheck();
          checkMs += performance.now() - startedMs;
          return maySend;
        };
        const startedMs = performance.now();
        const submission = await provider.submit(request, { ...context, lastCheck });
        watch.postMs = performance.now() - startedMs - checkMs;
        return submission;
      },
    },
  });
  return new Map([...accounts].map(([name, entry]) => [name, toWatched(entry)]));
}
