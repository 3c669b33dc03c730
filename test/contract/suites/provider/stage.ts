import { ok } from 'node:assert/strict';
import type { MediaRequest } from '../../../../src/core/job.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { Provider } from '../../../../src/core/provider.ts';
import type { ContractCase } from '../contract-case.ts';
import { KEY, watchCalls } from '../provider-calls.ts';
import type { ProviderCalls } from '../provider-calls.ts';
import type { ScriptedServer } from '../scripted-server.ts';
import { jsonReply, startScriptedServer } from '../scripted-server.ts';

export interface ProviderContractOptions {
  /** A provider bound to this base URL, which is on the loopback; a fresh one at every call. */
  createProvider(baseUrl: string): Provider;
  /** Requests that can be sent; the first one is submitted in every case. */
  readonly requests: readonly [MediaRequest, ...MediaRequest[]];
  /** Breaks a rule. */
  readonly brokenRequest: MediaRequest;
  /** The id in all bodies below. */
  readonly taskId: string;
  /** Bodies as the API prints them. */
  readonly wire: {
    readonly accepted: JsonObject;
    readonly queued: JsonObject;
    readonly running: JsonObject;
    readonly succeeded: JsonObject;
    readonly failed: JsonObject;
    /** A create's answer that is finished and names no id; absent where the API cannot do that. */
    readonly finishedWithoutId?: JsonObject;
  };
}

/** An adapter, the server it talks to, and all that it says. A fresh one for every law. */
export interface Stage {
  readonly provider: Provider;
  readonly server: ScriptedServer;
  readonly calls: ProviderCalls;
}

/** Makes a case of a law: it sets the stage, and afterwards looks for the key in all that the adapter said. */
export type MakeLaw = (name: string, run: (stage: Stage) => Promise<void>) => ContractCase;

export function lawsFor(options: ProviderContractOptions): MakeLaw {
  return (name, run) => ({
    name,
    run: async () => {
      const server = await startScriptedServer(jsonReply(200, options.wire.accepted));
      const provider = options.createProvider(server.baseUrl);
      const calls = watchCalls(provider);
      try {
        await run({ provider, server, calls });
        const seen = JSON.stringify(calls.seen);
        ok(!seen.includes(KEY), `the key stands in what the adapter returned or logged: ${seen}`);
      } finally {
        await server.close();
      }
    },
  });
}
