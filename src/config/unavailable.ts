import type { SchemaProblem } from '../schema/problems.ts';
import { isRecord } from '../schema/problems.ts';

/**
 * Settings that are part of the configuration's format but have no effect in this release. They are refused, so that
 * nobody relies on a guard that is not there. A release that gives one its effect deletes its lines here.
 */
export function unavailableSettings(document: unknown): readonly SchemaProblem[] {
  if (!isRecord(document) || !hasContent(document['callbacks'])) return [];
  return [
    { path: ['callbacks'], value: undefined, rule: 'callbacks are not available in this release' },
  ];
}

function hasContent(section: unknown): boolean {
  if (Array.isArray(section)) return section.length > 0;
  return section !== undefined && section !== null;
}
