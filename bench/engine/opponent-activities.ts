/** Effects that cost nothing, so that what is measured is the engine. */
export interface OpponentActivities {
  submit(jobId: string): Promise<string>;
  /** Whether the task has finished. */
  poll(taskId: string, hasFinished: boolean): Promise<boolean>;
  store(taskId: string): Promise<string>;
  charge(taskId: string): Promise<void>;
}

export const opponentActivities: OpponentActivities = {
  submit: async (jobId) => `task-${jobId}`,
  poll: async (_taskId, hasFinished) => hasFinished,
  store: async (taskId) => `artifact of ${taskId}`,
  charge: async () => undefined,
};
