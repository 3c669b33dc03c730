import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMap, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { Account } from './core/account.ts';
import type { Budget } from './core/budget.ts';
import { ConfigError, isMediaJobError } from './core/errors.ts';
import { budgetProblems, toBudget } from './config/budgets.ts';
import { accountProblems, toAccount } from './config/accounts.ts';
import type { CallbacksConfig } from './config/callbacks.ts';
import { callbackProblems, toCallbacks } from './config/callbacks.ts';
import { invalidConfig } from './config/problems.ts';
import { configSchema } from './config/document.ts';
import type { ConfigDocument } from './config/document.ts';
import type { LedgerLocation } from './config/ledger.ts';
import { toLedgerLocation } from './config/ledger.ts';
import type { StorageLocation } from './config/storage.ts';
import { toStorageLocation } from './config/storage.ts';
import type { TemporalConfig } from './config/temporal.ts';
import { resolveTemporal } from './config/temporal.ts';
import { toProblems } from './schema/problems.ts';

export type { CallbacksConfig, ListenAddress } from './config/callbacks.ts';
export type { LedgerLocation } from './config/ledger.ts';
export type { StorageLocation } from './config/storage.ts';
export type { TemporalConfig, TlsConfig } from './config/temporal.ts';

/** Everything an installation was told, checked, with defaults filled in and paths made absolute. Frozen. */
export interface Config {
  /** Absolute path of the file, or what stands for one. */
  readonly file: string;
  readonly temporal: TemporalConfig;
  readonly ledger: LedgerLocation;
  readonly storage: StorageLocation;
  readonly spool: { readonly directory: string };
  /** `decode`: every file is decoded to its end by ffmpeg before it is published. */
  readonly verification: { readonly decode: boolean };
  readonly accounts: ReadonlyMap<string, Account>;
  /** How providers announce changes of tasks; absent: they are polled only. */
  readonly callbacks?: CallbacksConfig;
  /** Limits of what jobs may cost together. */
  readonly budgets: readonly Budget[];
  /** The first key encrypts, all of them decrypt. Empty: payloads are readable in Temporal. */
  readonly encryption: { readonly keys: readonly KeyLocation[] };
}

/** An encryption key: its id on the wire and where its bytes are. They are read when they are first needed. */
export interface KeyLocation {
  readonly id: string;
  /** Absolute path. */
  readonly file: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadConfigOptions {
  /** From `--config`; else `POLLUX_CONFIG`, else `pollux.yaml` in `cwd`. */
  readonly file?: string | undefined;
  /** Default: the process's. */
  readonly environment?: Environment;
  /** Default: the process's. */
  readonly cwd?: string;
}

/** The least that a configuration must say. Shown to whoever has none. */
export const EXAMPLE_CONFIG = `accounts:
  nexusflow:
    provider: nexusflow
    apiKey: { env: NEXUSFLOW_API_KEY }
`;

/**
 * Reads the configuration once: file, then the `TEMPORAL_*` variables. Throws one `config.invalid` that names every
 * problem with its line, path, value and rule. A key that is not there is no problem yet: see {@link missingSecrets}.
 *
 * @example
 * const config = loadConfig({ file: 'pollux.yaml' });
 * console.log(config.temporal.address, [...config.accounts.keys()]);
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const environment = options.environment ?? process.env;
  const cwd = options.cwd ?? process.cwd();
  const named = options.file ?? (environment['POLLUX_CONFIG'] || undefined);
  const file = resolve(cwd, named ?? 'pollux.yaml');
  const source = readConfigFile(file, named !== undefined);
  return parseConfig(source, { file, directory: dirname(file), environment });
}

export interface ParseConfigOptions {
  /** Named in messages. */
  readonly file: string;
  /** Relative paths are relative to it. */
  readonly directory: string;
  readonly environment: Environment;
}

/** The configuration in a YAML text. For callers that have no file. `config.invalid` as {@link loadConfig}. */
export function parseConfig(source: string, options: ParseConfigOptions): Config {
  const { file, directory, environment } = options;
  const lines = new LineCounter();
  const yaml = parseDocument(source, { lineCounter: lines });
  const document = toPlain(yaml, file);
  const parsed = configSchema.safeParse(document);
  const problems = [
    ...(parsed.success ? [] : toProblems(parsed.error, document)),
    ...accountProblems(document),
    ...budgetProblems(document),
    ...callbackProblems(document),
  ];
  if (!parsed.success || problems.length > 0) throw invalidConfig(file, problems, yaml, lines);
  return deepFreeze(toConfig(parsed.data, { file, directory, environment }));
}

/** One line per secret that is not there or cannot be used, saying where it was expected. Empty: a worker can start. */
export function missingSecrets(config: Config): readonly string[] {
  const accounts = [...config.accounts.values()];
  const secrets = [
    ...accounts.flatMap(({ apiKey, callbackSecret }) => [apiKey, callbackSecret]),
    config.callbacks?.secret,
  ];
  return secrets.flatMap((secret) => {
    try {
      secret?.reveal();
      return [];
    } catch (error) {
      if (isMediaJobError(error)) return [error.message];
      throw error;
    }
  });
}

/** The same configuration with another Temporal server: what `pollux dev` and the demo run against. */
export function withTemporalAddress(config: Config, address: string, namespace: string): Config {
  const temporal = { address, namespace, tls: false, apiKey: undefined, metadata: {} };
  return deepFreeze({ ...config, temporal });
}

function readConfigFile(file: string, wasNamed: boolean): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    const example = EXAMPLE_CONFIG.replace(/^/gm, '  ').trimEnd();
    if (code === 'ENOENT' && !wasNamed) {
      throw new ConfigError(
        'config.invalid',
        `there is no configuration: ${file} does not exist, and neither --config nor POLLUX_CONFIG names another file.\nThe least that pollux.yaml must say:\n\n${example}\n`,
        { details: { missingFile: file }, cause: error },
      );
    }
    const reason =
      code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new ConfigError('config.invalid', `configuration ${file} cannot be read: ${reason}`, {
      cause: error,
    });
  }
}

function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return String(error);
}

function toPlain(yaml: Document.Parsed, file: string): unknown {
  const [first] = yaml.errors;
  if (first !== undefined) {
    const at = first.linePos?.[0];
    const position = at === undefined ? '' : `:${String(at.line)}:${String(at.col)}`;
    const reason = first.message.split(/ at line | in "|:?\n/)[0] ?? first.message;
    throw new ConfigError('config.invalid', `${file}${position}: not valid YAML: ${reason}`);
  }
  if (yaml.contents === null) return {};
  if (!isMap(yaml.contents)) {
    const example = EXAMPLE_CONFIG.replace(/^/gm, '  ').trimEnd();
    throw new ConfigError(
      'config.invalid',
      `${file}: must be a mapping of names to settings, for example:\n\n${example}\n`,
    );
  }
  return yaml.toJS();
}

function toConfig(
  document: ConfigDocument,
  { file, directory, environment }: ParseConfigOptions,
): Config {
  const toAbsolute = (url: string): string => toPath(url, directory);
  return {
    file,
    temporal: resolveTemporal(document.temporal, environment),
    ledger: toLedgerLocation(document.ledger.url, toAbsolute),
    storage: toStorageLocation(document.storage, directory, toAbsolute),
    spool: { directory: resolve(directory, document.spool.directory) },
    verification: document.verification,
    accounts: new Map(
      Object.entries(document.accounts).map(([name, account]) => [
        name,
        toAccount(name, account, { directory, environment }),
      ]),
    ),
    ...(document.callbacks === undefined
      ? {}
      : { callbacks: toCallbacks(document.callbacks, { directory, environment }) }),
    budgets: document.budgets.map(toBudget),
    encryption: {
      keys: (document.encryption?.keys ?? []).map(({ id, file: keyFile }) => ({
        id,
        file: resolve(directory, keyFile),
      })),
    },
  };
}

/** `scheme:path`, `scheme:/path` and `scheme:///path`. */
function toPath(url: string, directory: string): string {
  const rest = url.slice(url.indexOf(':') + 1);
  return rest.startsWith('//') ? fileURLToPath(`file:${rest}`) : resolve(directory, rest);
}

/** Freezes plain objects, lists and what maps hold. Byte arrays cannot be frozen and keep their content private. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  const members: readonly unknown[] =
    value instanceof Map ? [...value.values()] : Object.values(value);
  for (const member of members) deepFreeze(member);
  return value;
}
