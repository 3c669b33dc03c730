import { z } from 'zod';
import type { AccountLimits, ProviderName, Timing } from '../core/account.ts';
import { closedObject } from '../schema/problems.ts';
import { MOST_MICROS } from '../core/money.ts';
import type { BudgetDocument } from './budgets.ts';
import { isLedgerUrl } from './ledger.ts';
import { storageProblem } from './storage.ts';
import type { StorageDocument } from './storage.ts';

/** `pollux.yaml` once its types are checked and its defaults are filled in. */
export interface ConfigDocument {
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly ledger: { readonly url: string };
  readonly storage: StorageDocument;
  readonly spool: { readonly directory: string };
  readonly accounts: Readonly<Record<string, AccountDocument>>;
  readonly verification: { readonly decode: boolean };
  readonly callbacks?: CallbacksDocument | undefined;
  readonly budgets: readonly BudgetDocument[];
  readonly encryption?: { readonly keys: readonly KeyDocument[] } | undefined;
}

export interface CallbacksDocument {
  readonly publicUrl: string;
  readonly listen: string;
  readonly secret: SecretReference;
}

/** An encryption key: its id on the wire and the file that holds it. */
export interface KeyDocument {
  readonly id: string;
  readonly file: string;
}

export interface AccountDocument {
  readonly provider: ProviderName;
  readonly baseUrl?: string | undefined;
  readonly apiKey: SecretReference;
  readonly callbackSecret?: SecretReference | undefined;
  readonly realm?: string | undefined;
  readonly exclusive: boolean;
  readonly currency: string;
  readonly limits: AccountLimits;
  readonly allowPrivateHosts: boolean;
  readonly timing: { readonly [Setting in keyof Timing]?: number | undefined };
  readonly prices: Readonly<Record<string, readonly PriceDocument[]>>;
  readonly onUnknown: 'hold' | 'fail' | 'resubmit';
  readonly maxResubmits: number;
}

/** Exactly one of the two. */
export interface SecretReference {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
}

/** Exactly one of the three unit prices. */
export interface PriceDocument {
  readonly perSecondMicros?: string | number | undefined;
  readonly perItemMicros?: string | number | undefined;
  readonly perTokenMicros?: string | number | undefined;
  /** Default: the account's. */
  readonly currency?: string | undefined;
  readonly source: string;
  readonly when?:
    { readonly resolution?: string | undefined; readonly audio?: boolean | undefined } | undefined;
}

// Types, closed sets and defaults. Rules between two settings are in accounts.ts.

const text = z.string().min(1);
const seconds = z.number().positive();
const perMinute = z.number().positive().max(100_000);
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as USD');
const MICROS_RULE = 'must be a whole number of micros, e.g. "70000" for 0.07';
const micros = z
  .union(
    [
      z.string().regex(/^(0|[1-9][0-9]*)$/, MICROS_RULE),
      z.int(MICROS_RULE).nonnegative(MICROS_RULE),
    ],
    { error: MICROS_RULE },
  )
  .refine((value) => BigInt(value) <= MOST_MICROS, {
    error: `must be at most ${MOST_MICROS.toString()} micros`,
  });

const SECRET_RULE =
  'must be { env: NAME } or { file: path }; a key written into this file would end up in backups and version control';

/** Never a literal: the file names where the secret is. */
const secretReference = closedObject(
  { env: text.optional(), file: text.optional() },
  SECRET_RULE,
).refine((value) => (value.env === undefined) !== (value.file === undefined), {
  error: SECRET_RULE,
});

const price = closedObject({
  perSecondMicros: micros.optional(),
  perItemMicros: micros.optional(),
  perTokenMicros: micros.optional(),
  currency: currency.optional(),
  source: z
    .string({ error: 'is missing: must say where the price is from, e.g. "contract 2026-10"' })
    .min(1),
  when: closedObject({ resolution: text.optional(), audio: z.boolean().optional() }).optional(),
}).refine(
  ({ perSecondMicros, perItemMicros, perTokenMicros }) =>
    [perSecondMicros, perItemMicros, perTokenMicros].filter((unit) => unit !== undefined).length ===
    1,
  { error: 'must have exactly one of perSecondMicros, perItemMicros, perTokenMicros' },
);

/** One price line or a list of them. */
const prices = z.preprocess(
  (value) => (Array.isArray(value) ? (value as readonly unknown[]) : [value]),
  z.array(price).min(1),
);

const limits = closedObject({
  submitsPerMinute: perMinute.default(60),
  pollsPerMinute: perMinute.default(60),
  concurrentTasks: z.int().positive().default(5),
});

const timing = closedObject({
  taskLifeSeconds: seconds.optional(),
  urlLifeSeconds: seconds.optional(),
  firstPollSeconds: z.number().nonnegative().optional(),
  minPollSeconds: seconds.optional(),
  maxPollSeconds: seconds.optional(),
  submitTimeoutSeconds: seconds.optional(),
  settleSeconds: z.number().nonnegative().optional(),
  listSettleSeconds: z.number().nonnegative().optional(),
  giveUpSeconds: seconds.optional(),
});

const account = closedObject({
  provider: z.enum(['nexusflow', 'rixapi', 'dieyuyun']),
  baseUrl: text.optional(),
  apiKey: secretReference,
  callbackSecret: secretReference.optional(),
  realm: text.max(100).optional(),
  exclusive: z.boolean().default(false),
  currency: currency.default('USD'),
  limits: limits.prefault({}),
  allowPrivateHosts: z.boolean().default(false),
  timing: timing.prefault({}),
  prices: z.record(text, prices).default({}),
  onUnknown: z.enum(['hold', 'fail', 'resubmit']).default('hold'),
  maxResubmits: z.int().nonnegative().default(0),
});

const ACCOUNT_NAME_RULE =
  'an account name must start with a letter or digit and hold at most 50 letters, digits, underscores and hyphens (it becomes a queue name)';

const accounts = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/, ACCOUNT_NAME_RULE), account, {
    error: (issue) => {
      if (issue.code === 'invalid_key') return ACCOUNT_NAME_RULE;
      return issue.input === undefined
        ? 'is missing: at least one account is needed'
        : 'must be a mapping of account names to settings';
    },
  })
  .refine((value) => Object.keys(value).length > 0, { error: 'must name at least one account' });

const callbacks = closedObject({
  publicUrl: text,
  listen: text.default('127.0.0.1:8088'),
  secret: secretReference,
});

const budget = closedObject({
  name: text,
  scope: z.enum(['tenant', 'batch', 'account', 'all']),
  tenant: text.optional(),
  batch: text.optional(),
  account: text.optional(),
  currency,
  limitMicros: micros,
  per: z.enum(['day', 'month', 'ever']),
});

const KEY_ID_RULE =
  'must be at most 64 letters, digits, dots, underscores and hyphens, the first one a letter or digit';
/** 64 hex or 44 base64 characters. */
const KEY_ITSELF = /^([0-9a-f]{64}|[a-z0-9+/_-]{43}=)$/i;

const encryptionKey = closedObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, KEY_ID_RULE),
  file: text.refine((file) => !KEY_ITSELF.test(file), {
    error:
      'must be the path of a file; a key written into this file would end up in backups and version control',
  }),
});

const encryption = closedObject({
  keys: z
    .array(encryptionKey)
    .min(1)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, {
      error: 'must not use an id twice: what was encrypted names its key by it',
    }),
});

const ledgerUrl = z
  .string()
  .refine(isLedgerUrl, { error: 'must be sqlite:PATH or postgres://user@host:5432/database' });
const storage = closedObject({
  url: text.default('file:.pollux/artifacts'),
  temporary: text.optional(),
}).superRefine((value, context) => {
  const problem = storageProblem(value);
  if (problem === undefined) return;
  context.addIssue({ code: 'custom', path: [problem.field], message: problem.rule });
});

export const configSchema: z.ZodType<ConfigDocument> = closedObject({
  temporal: closedObject({
    address: z
      .string()
      .regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port')
      .default('127.0.0.1:7233'),
    namespace: text.default('default'),
  }).prefault({}),
  ledger: closedObject({ url: ledgerUrl.default('sqlite:.pollux/ledger.db') }).prefault({}),
  storage: storage.prefault({}),
  spool: closedObject({ directory: text.default('.pollux/spool') }).prefault({}),
  verification: closedObject({ decode: z.boolean().default(false) }).prefault({}),
  accounts,
  callbacks: callbacks.optional(),
  budgets: z.array(budget).default([]),
  encryption: encryption.optional(),
});
