/** What everybody writes first: a POST in an activity that is run again until it has returned. Nothing is armed. */
export async function submitNaively(ports, { request, timeoutMs, jobId, number }) {
  const slash = request.model.indexOf('/');
  const { account, provider } = ports.accounts.get(request.model.slice(0, slash));
  const submission = await provider.submit(
    { ...request, model: request.model.slice(slash + 1) },
    {
      signal: globalThis.AbortSignal.timeout(timeoutMs),
      apiKey: account.apiKey,
      timeoutMs,
      logger: ports.logger,
      lastCheck: async () => true,
    },
  );
  if (submission.outcome !== 'accepted') throw new Error(submission.outcome);
  const record = { ...submission, source: 'reply' };
  await ports.ledger.recordOutcome({ jobId, number }, record, new Date().toISOString());
  return submission;
}
