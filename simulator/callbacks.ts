import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rixTaskBody } from './rixapi.ts';
import type { Task } from './task.ts';

const CALLBACK_TIMEOUT_MS = 10_000;

/** Announces a change of status: one POST, unsigned, never repeated, its answer ignored. */
export function sendCallback(task: Task, origin: string): void {
  const { callbackUrl } = task.record.spec;
  if (callbackUrl === undefined) return;
  const body = JSON.stringify(rixTaskBody(task, { origin }));
  const send = callbackUrl.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(callbackUrl, {
    method: 'POST',
    agent: false,
    timeout: CALLBACK_TIMEOUT_MS,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  request.on('response', (response) => response.resume());
  request.on('timeout', () => request.destroy());
  // Nothing is promised about delivery, so a failed one is over.
  request.on('error', () => undefined);
  request.end(body);
}
