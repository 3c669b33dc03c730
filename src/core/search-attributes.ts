/** Types of Temporal search attributes that Pollux uses. */
export type SearchAttributeKind = 'Keyword' | 'Datetime' | 'Double';

export type SearchAttributeName =
  | 'JobStatus'
  | 'Account'
  | 'Model'
  | 'ProviderTaskId'
  | 'BatchId'
  | 'Tenant'
  | 'Hold'
  | 'TaskExpiresAt'
  | 'CostAmount';

/** What `pollux setup` registers. SQL visibility has ten Keyword columns per namespace: seven are used. Wire format. */
export const SEARCH_ATTRIBUTES: Readonly<Record<SearchAttributeName, SearchAttributeKind>> = {
  JobStatus: 'Keyword',
  Account: 'Keyword',
  Model: 'Keyword',
  ProviderTaskId: 'Keyword',
  BatchId: 'Keyword',
  Tenant: 'Keyword',
  Hold: 'Keyword',
  TaskExpiresAt: 'Datetime',
  CostAmount: 'Double',
};

const KEYWORD_LENGTH = 255;

/** Cuts a Keyword to what SQL visibility takes. */
export function toKeyword(text: string): string {
  return text.slice(0, KEYWORD_LENGTH);
}
