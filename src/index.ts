export { createClient } from './client.ts';
export type {
  ClientOptions,
  JobHandle,
  JobListFilter,
  JobSummary,
  PolluxClient,
  StartedJob,
  StartOptions,
  WatchOptions,
} from './client.ts';
export type {
  BatchHandle,
  PolluxBatches,
  StartBatchOptions,
  StartedBatch,
} from './client/batches-types.ts';
export type { BatchStorage } from './client/batches.ts';
export { loadConfig } from './config.ts';
export type { Config, LoadConfigOptions } from './config.ts';
export type { BatchTotals, FailureGroup } from './core/batch-totals.ts';
export type {
  BatchItem,
  BatchMoney,
  BatchState,
  BatchStatus,
  ItemResult,
  ManifestRef,
  RerunScope,
  StopRules,
} from './core/batch.ts';
export type {
  Artifact,
  Cost,
  CostState,
  Decision,
  EndStatus,
  Hold,
  HoldReason,
  JobResult,
  JobState,
  JobStatus,
  MediaKind,
  MediaRequest,
  QuotedRequest,
  StateChange,
} from './core/job.ts';
export {
  ConfigError,
  isMediaJobError,
  LedgerError,
  MediaJobError,
  ProviderError,
  RequestError,
  StorageError,
} from './core/errors.ts';
export { ERROR_CODES, isErrorCode } from './core/error-codes.ts';
export type { ErrorReport } from './core/errors.ts';
export type { ErrorCode, ErrorRule } from './core/error-codes.ts';
export { formatMoney } from './core/money.ts';
export type { Currency, Money, Price, Quote } from './core/money.ts';
export type { Logger } from './core/logger.ts';
export type { ArtifactStore, StoredObject, TemporaryObject } from './core/artifact-store.ts';
export type { ByteReader } from './core/media.ts';
export type {
  CallContext,
  CancelAnswer,
  Capabilities,
  ListAnswer,
  Model,
  ModelCatalogue,
  Operation,
  Provider,
  Reading,
  Snapshot,
  Submission,
  SubmitContext,
  TaskOutput,
  TaskStatus,
} from './core/provider.ts';
export { createInstallation } from './installation.ts';
export { formatProblem, readManifest } from './manifest/index.ts';
export type {
  ManifestFormat,
  ManifestLine,
  ManifestProblem,
  ReadManifestOptions,
} from './manifest/index.ts';
export type { Installation } from './installation.ts';
export { parseMediaRequest } from './schema/request.ts';
export { registerSearchAttributes } from './runtime/search-attributes.ts';
export { connectTemporal } from './runtime/connection.ts';
export type { TemporalAccess } from './runtime/connection.ts';
export { startWorker } from './worker.ts';
export type { RunningWorker, WorkerOptions, WorkerRole } from './worker.ts';
