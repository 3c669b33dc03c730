/** Where the opponents' workflows and activities run: as many queues as ours. */
export const OPPONENT_QUEUES = {
  workflows: 'bench-opponents',
  submit: 'bench-opponents-submit',
  poll: 'bench-opponents-poll',
  transfer: 'bench-opponents-transfer',
} as const;
