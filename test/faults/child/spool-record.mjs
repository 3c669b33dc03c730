/** What a worker spools for a task that was accepted. */
export function spoolRecord(jobId) {
  const taskId = `task_${jobId}`;
  return {
    jobId,
    number: 1,
    outcome: {
      outcome: 'accepted',
      source: 'reply',
      taskId,
      operation: { taskId, baseUrl: 'https://example.com' },
      snapshot: { status: 'running', providerStatus: 'running' },
    },
    worker: 'test',
    at: '2026-11-21T12:00:00.000Z',
  };
}
