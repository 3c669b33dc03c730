import type { Bill, CreateSpec, ProviderName } from './task.ts';

/** One line of a price list. A field that is absent matches everything. */
export interface PriceRule {
  readonly provider: ProviderName;
  readonly model: string;
  readonly currency: string;
  readonly unit: 'second' | 'image';
  /** Integer micros per unit, as a decimal string. */
  readonly micros: string;
  readonly resolution?: string;
  readonly hasAudio?: boolean;
}

/**
 * As printed: USD on NexusFlow's video page (t2v and i2v only), CNY on its HappyHorse page (all modes); both read
 * 2026-11-21. Nothing else has a printed price, so nothing else is billed.
 */
const PRINTED: readonly PriceRule[] = [
  ...perSecond('USD', ['wan2.6-t2v', 'wan2.6-i2v'], '90000', '140000'),
  ...perSecond('USD', ['happyhorse-1.0-t2v', 'happyhorse-1.0-i2v'], '130000', '230000'),
  ...perSecond('USD', ['pixverse-v6'], '50000', '100000', true),
  ...perSecond('USD', ['pixverse-v6'], '40000', '80000', false),
  ...perSecond(
    'CNY',
    ['happyhorse-1.0-t2v', 'happyhorse-1.0-i2v', 'happyhorse-1.0-r2v', 'happyhorse-1.0-video-edit'],
    '900000',
    '1600000',
  ),
];

function perSecond(
  currency: string,
  models: readonly string[],
  micros720: string,
  micros1080: string,
  hasAudio?: boolean,
): PriceRule[] {
  const audio = hasAudio === undefined ? {} : { hasAudio };
  const line = { provider: 'nexusflow', currency, unit: 'second', ...audio } as const;
  return models.flatMap((model) => [
    { ...line, model, resolution: '720P', micros: micros720 },
    { ...line, model, resolution: '1080P', micros: micros1080 },
  ]);
}

export interface PriceList {
  /** Tried first, in any currency. */
  readonly custom: readonly PriceRule[];
  readonly currency: string;
}

/** What the task costs if it succeeds; `undefined` where no price is known. */
export function billOf(
  list: PriceList,
  provider: ProviderName,
  spec: CreateSpec,
): Bill | undefined {
  const rules = [...list.custom, ...PRINTED.filter((rule) => rule.currency === list.currency)];
  const rule = rules.find((each) => applies(each, provider, spec));
  if (rule === undefined) return undefined;
  const { media } = spec;
  const units = media.kind === 'video' ? media.durationSeconds : media.count;
  return {
    currency: rule.currency,
    micros: (BigInt(rule.micros) * BigInt(units)).toString(),
    basis: `${units} ${rule.unit}(s) x ${rule.micros} micros`,
  };
}

function applies(rule: PriceRule, provider: ProviderName, spec: CreateSpec): boolean {
  return (
    rule.provider === provider &&
    rule.model === spec.model &&
    (rule.unit === 'second') === (spec.media.kind === 'video') &&
    (rule.resolution === undefined || rule.resolution === spec.pricing.resolution) &&
    (rule.hasAudio === undefined || rule.hasAudio === (spec.pricing.hasAudio ?? false))
  );
}
