import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A result host that serves one file, whole or its rest, and can change it. */
export interface FileHost {
  readonly url: string;
  /** Headers of all requests so far. */
  readonly requests: readonly IncomingHttpHeaders[];
  serve(bytes: Uint8Array): void;
  /** The next answer stops after so many bytes, and its connection stays. */
  stallNext(afterBytes: number): void;
  close(): Promise<void>;
}

export interface FileHostOptions {
  /** Default `strong`. */
  readonly entityTags?: 'strong' | 'weak' | 'none';
}

export async function openFileHost(
  first: Uint8Array,
  { entityTags = 'strong' }: FileHostOptions = {},
): Promise<FileHost> {
  let bytes = first;
  let stallAfter: number | undefined;
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (entityTags === 'strong') response.setHeader('etag', tag);
    if (entityTags === 'weak') response.setHeader('etag', `W/${tag}`);
    answer(response, request.headers, bytes, tag, stallAfter);
    stallAfter = undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/output.mp4`,
    requests,
    serve: (next) => {
      bytes = next;
    },
    stallNext: (afterBytes) => {
      stallAfter = afterBytes;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(
  response: ServerResponse,
  headers: IncomingHttpHeaders,
  bytes: Uint8Array,
  tag: string,
  stallAfter: number | undefined,
): void {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  if (from === undefined || headers['if-range'] !== tag) {
    response.writeHead(200, { 'content-length': bytes.length });
    if (stallAfter === undefined) response.end(bytes);
    else response.write(bytes.subarray(0, stallAfter));
    return;
  }
  const rest = bytes.subarray(Number(from));
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(206, { 'content-length': rest.length, 'content-range': range }).end(rest);
}
