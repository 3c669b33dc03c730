import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import type { Logger } from '../core/logger.ts';
import { toShownError } from './shown-error.ts';

let isInstalled = false;

/**
 * Sets the SDK's process-wide runtime up, once: its log goes to ours, warnings and worse only, and signals stay with the
 * command that runs. With a port, metrics are served there for Prometheus, on loopback. What the core says about a server that is away is left to the watch.
 */
export function installSdkRuntime(logger: Logger, metricsPort?: number): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', (entry) => forward(logger, entry)),
    telemetryOptions: {
      logging: {
        filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }),
        forward: {},
      },
      ...(metricsPort === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } }),
    },
  });
}

/** Only what names the kind of trouble and its place: failures carry texts of users, and so may the rest of the metadata. */
function forward(logger: Logger, entry: LogEntry): void {
  if (isNoise(entry)) return;
  const meta = (entry.meta ?? {}) as Readonly<Record<string, unknown>>;
  const fields = Object.fromEntries(
    ['workflowId', 'activityType', 'taskQueue', 'attempt'].flatMap((name) => {
      const value = meta[name];
      return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
    }),
  );
  const error = meta['error'];
  const detail = error === undefined ? {} : { error: toShownError(error) };
  // The SDK appends the error's own message.
  const [what = ''] = entry.message.split(': ', 1);
  if (entry.level === 'ERROR') logger.error(what, { ...fields, ...detail });
  else logger.warn(what, { ...fields, ...detail });
}

/** Poll and heartbeat calls that fail because the server is away: one line per poller and retry. Queues without workflows are ours. */
function isNoise(entry: LogEntry): boolean {
  if (entry.message.startsWith('No workflows registered')) return true;
  const meta = (entry.meta ?? {}) as Readonly<Record<string, unknown>>;
  const isFromCore = meta['sdkComponent'] === 'core';
  return (
    isFromCore && /gRPC call|[Pp]oll|transport error|tcp connect|heartbeat/.test(entry.message)
  );
}
