import type { FaultRule } from '../../simulator/index.ts';

type Trouble = Omit<FaultRule, 'times'>;

/** Faults of a provider, each striking as many calls as it is told to. Nothing here would end a healthy job for good. */
export const PROVIDER_FAULTS: readonly [Trouble, ...Trouble[]] = [
  { operation: 'create', fault: { kind: 'drop_reply' } },
  { operation: 'create', fault: { kind: 'reset_before' } },
  { operation: 'create', fault: { kind: 'status', status: 500, accepted: true } },
  { operation: 'create', fault: { kind: 'status', status: 502 } },
  { operation: 'create', fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' } } },
  { operation: 'create', fault: { kind: 'html', accepted: true } },
  { operation: 'create', fault: { kind: 'slow', ms: 4_000 } },
  { operation: 'read', fault: { kind: 'status', status: 503 } },
  { operation: 'read', fault: { kind: 'not_found' } },
  { operation: 'read', fault: { kind: 'html' } },
  { operation: 'list', fault: { kind: 'status', status: 500 } },
  { operation: 'file', fault: { kind: 'truncate', bytes: 1_000 } },
  { operation: 'file', fault: { kind: 'status', status: 503 } },
];
