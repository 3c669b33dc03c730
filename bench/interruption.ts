/**
 * Runs work that Ctrl-C ends: then it rejects, so that what was started is tidied up. For work that notices no process
 * of its own going down.
 */
export async function unlessInterrupted<Result>(work: () => Promise<Result>): Promise<Result> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = () => reject(new Error('interrupted'));
  });
  process.once('SIGINT', interrupt);
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
