import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../../src/cli/child-command.ts';
import { startChildCommand } from '../../../src/cli/child-command.ts';
import { findFreePort } from '../../../src/cli/ports.ts';
import type { CallbackUrls } from '../../../src/core/callbacks.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createCallbackUrls } from '../../../src/webhooks/capability.ts';
import type { InstallationOptions, TestInstallation } from '../../installation/installation.ts';
import { openInstallation } from '../../installation/installation.ts';
import { readHistory } from '../../installation/workflow-of.ts';

/** An installation whose providers announce changes at a receiver of its own. */
export interface CallbackScene {
  readonly installation: TestInstallation;
  /** Where the receiver listens and providers send to. */
  readonly origin: string;
  readonly urls: CallbackUrls;
  /** `pollux webhooks`, a process of its own. */
  startReceiver(): Promise<ChildCommand>;
  /** How many callbacks the job was told of. */
  signalsOf(jobId: string): Promise<number>;
  close(): Promise<void>;
}

export async function openCallbackScene(options: InstallationOptions = {}): Promise<CallbackScene> {
  const secret = randomBytes(32).toString('hex');
  const listen = `127.0.0.1:${String(await findFreePort('127.0.0.1'))}`;
  const origin = `http://${listen}`;
  const section = { publicUrl: origin, listen, secret: { file: 'callback.key' } };
  const installation = await openInstallation({
    ...options,
    sections: { callbacks: section, ...options.sections },
  });
  const { directory, configFile } = installation;
  await writeFile(join(directory, 'callback.key'), `${secret}\n`);
  const receivers: ChildCommand[] = [];
  return {
    installation,
    origin,
    urls: createCallbackUrls(origin, new Secret(() => secret)),
    startReceiver: async () => {
      const receiver = await startChildCommand(['webhooks', '--config', configFile], {
        logFile: join(directory, 'webhooks.log'),
      });
      receivers.push(receiver);
      return receiver;
    },
    signalsOf: async (jobId) => {
      const events = await readHistory(installation, jobId);
      const signals = events.filter(
        ({ workflowExecutionSignaledEventAttributes: signal }) =>
          signal?.signalName === 'providerNotified',
      );
      return signals.length;
    },
    close: async () => {
      for (const receiver of receivers) await receiver.kill();
      await installation.close();
    },
  };
}
