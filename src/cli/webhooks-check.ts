import type { Config } from '../config.ts';
import type { Check } from './checks.ts';

const TIMEOUT_MS = 5_000;
const NAME = 'callbacks';
/** What the receiver answers. */
const HEALTHY = '{"healthy":true}';

/** Asks the public URL for the receiver's health. Only a notice: a provider may reach it where this machine does not. */
export async function checkCallbacks({ callbacks }: Config): Promise<Check> {
  if (callbacks === undefined) {
    return { name: NAME, outcome: 'ok', message: 'off: tasks are polled only' };
  }
  const { publicUrl, listen } = callbacks;
  const reason = await whyUnreachable(`${publicUrl}/health`);
  if (reason === undefined) return { name: NAME, outcome: 'ok', message: `${publicUrl} answers` };
  return {
    name: NAME,
    outcome: 'notice',
    message: `${publicUrl}/health ${reason}; tasks are polled until callbacks arrive`,
    advice: `start \`pollux webhooks\`, and let ${publicUrl} lead to ${listen.host}:${String(listen.port)}`,
  };
}

/** `undefined` where our receiver answers. */
async function whyUnreachable(url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', signal });
    const text = await response.text();
    if (response.status !== 200) return `answers ${String(response.status)}`;
    return text === HEALTHY ? undefined : 'is answered by something else';
  } catch {
    return 'does not answer';
  }
}
