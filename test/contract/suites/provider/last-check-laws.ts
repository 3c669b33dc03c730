import { deepEqual, equal, ok } from 'node:assert/strict';
import type { MediaRequest } from '../../../../src/core/job.ts';
import type { Submission } from '../../../../src/core/provider.ts';
import type { ContractCase } from '../contract-case.ts';
import type { ScriptedServer } from '../scripted-server.ts';
import type { MakeLaw } from './stage.ts';

const CONNECTED_WITHIN_MS = 2_000;
/** More than enough for bytes on the loopback to arrive. */
const TURNS = 20;
const TOO_SHORT_MS = 200;

/** The last check is the last act before the wire: the connection stands, and nothing of the request is on it yet. */
export function lastCheckLaws(law: MakeLaw, request: MediaRequest): readonly ContractCase[] {
  return [
    law('a last check that says no, or fails, lets nothing out', async ({ calls, server }) => {
      const answers = [async () => false, () => Promise.reject(new Error('ledger away'))];
      for (const lastCheck of answers) {
        requireNotSent(await calls.submit(request, { lastCheck }));
      }
      await letBytesArrive();
      equal(server.requests.length, 0);
      equal(bytesReceived(server), 0);
    }),
    law('the last check runs once, on a connection that has carried no byte', async (stage) => {
      const { calls, server } = stage;
      const found: object[] = [];
      const lastCheck = async (): Promise<boolean> => {
        await connected(server);
        await letBytesArrive();
        found.push({ connections: server.connections.length, bytes: bytesReceived(server) });
        return true;
      };
      const submission = await calls.submit(request, { lastCheck });

      deepEqual(found, [{ connections: 1, bytes: 0 }]);
      equal(submission.outcome, 'accepted');
      equal(server.connections.length, 1);
      equal(server.requests.length, 1);
    }),
    law('a connection that breaks during the last check is rejected as not sent', async (stage) => {
      const { calls, server } = stage;
      const lastCheck = async (): Promise<boolean> => {
        await connected(server);
        for (const connection of server.connections) connection.resetAndDestroy();
        await letBytesArrive();
        return true;
      };

      requireNotSent(await calls.submit(request, { lastCheck }));
      equal(server.requests.length, 0);
    }),
    law('a last check that outlasts the call lets nothing out', async ({ calls, server }) => {
      const lastCheck = (): Promise<boolean> =>
        new Promise((resolve) => setTimeout(resolve, 2 * TOO_SHORT_MS, true));

      requireNotSent(await calls.submit(request, { lastCheck, timeoutMs: TOO_SHORT_MS }));
      await letBytesArrive();
      equal(bytesReceived(server), 0);
    }),
  ];
}

function requireNotSent(submission: Submission): void {
  ok(submission.outcome === 'rejected', JSON.stringify(submission));
  equal(submission.error.details['reason'], 'not_sent');
}

function bytesReceived({ connections }: ScriptedServer): number {
  return connections.reduce((sum, connection) => sum + connection.bytesRead, 0);
}

/** Returns without one where the adapter does not connect before it checks. */
async function connected({ connections }: ScriptedServer): Promise<void> {
  const giveUpAtMs = performance.now() + CONNECTED_WITHIN_MS;
  while (connections.length === 0 && performance.now() < giveUpAtMs) await nextTurn();
}

async function letBytesArrive(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
