import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** What becomes of a reply that the provider has sent and nobody has received yet. */
export type ReplyFate = 'deliver' | 'drop' | 'reset';

/** Stands before a provider and keeps its replies to chosen creates, so that a test decides when each arrives, if at all. */
export interface ReplyGate {
  /** Takes the place of the provider's `http://host:port`. */
  readonly url: string;
  /** Keeps the reply to the create with this prompt. */
  hold(prompt: string): void;
  /** True once the provider has replied: it has accepted by then. */
  isHolding(prompt: string): boolean;
  /** `drop` ends the connection, `reset` breaks it off. */
  release(prompt: string, fate: ReplyFate): void;
  close(): Promise<void>;
}

interface Line {
  readonly client: Socket;
  readonly target: Socket;
  readonly reply: Buffer[];
  prompt?: string;
}

/** Passes every connection on to a port of this machine. */
export async function openReplyGate(port: number): Promise<ReplyGate> {
  const lines = new Set<Line>();
  const prompts = new Set<string>();
  const server = createServer((client) => {
    const line: Line = { client, target: connect(port, '127.0.0.1'), reply: [] };
    lines.add(line);
    passOn(line, prompts);
    client.once('close', () => lines.delete(line));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  const find = (prompt: string): Line | undefined =>
    [...lines].find((line) => line.prompt === prompt && line.reply.length > 0);
  return {
    url: `http://127.0.0.1:${ownPort}`,
    hold: (prompt) => {
      prompts.add(prompt);
    },
    isHolding: (prompt) => find(prompt) !== undefined,
    release: (prompt, fate) => {
      const line = find(prompt);
      if (line === undefined) throw new Error(`no reply is held for "${prompt}"`);
      prompts.delete(prompt);
      if (fate === 'deliver') line.client.end(Buffer.concat(line.reply));
      else if (fate === 'drop') line.client.destroy();
      else line.client.resetAndDestroy();
    },
    close: async () => {
      for (const { client } of lines) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(line: Line, prompts: ReadonlySet<string>): void {
  const { client, target, reply } = line;
  client.on('data', (bytes) => {
    const prompt = [...prompts].find((each) => bytes.includes(JSON.stringify(each)));
    if (prompt !== undefined) line.prompt = prompt;
    target.write(bytes);
  });
  target.on('data', (bytes) => {
    if (line.prompt === undefined) client.write(bytes);
    else reply.push(bytes);
  });
  // A create has a connection of its own, which the provider closes behind its reply.
  target.on('close', () => {
    if (line.prompt === undefined) client.end();
  });
  target.on('error', () => client.destroy());
  client.on('error', () => target.destroy());
  client.on('close', () => target.destroy());
}
