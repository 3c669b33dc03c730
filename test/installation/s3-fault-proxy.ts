import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One call of an S3 client, as the proxy sees it. */
export interface S3Call {
  /** Name of the operation, e.g. `UploadPart`. */
  readonly operation: string;
  /** Path with the bucket, without the query. */
  readonly path: string;
  readonly partNumber: number | undefined;
  readonly isConditional: boolean;
}

export type S3Fault =
  /** Answers itself, as a server that did nothing. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string }
  /** The server does it, and its answer gets lost. */
  | { readonly kind: 'lose-answer' }
  /** Passes that many bytes of the body on, then both ends see the line break. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Takes the body and never answers; the server hears nothing of it. */
  | { readonly kind: 'hang' };

/** What happens to a call; nothing where it passes. What it awaits happens first. */
export type Meddling = (call: S3Call) => S3Fault | undefined | Promise<S3Fault | undefined>;

/** Stands before an S3 server of this machine and meddles with single calls. Signatures stay valid. */
export interface S3FaultProxy {
  readonly port: number;
  /** Every call so far, in the order of arrival. */
  readonly calls: readonly S3Call[];
  /** The most parts that were under way at once. */
  readonly mostPartsAtOnce: number;
  meddle(meddling: Meddling | undefined): void;
  close(): Promise<void>;
}

export async function openS3FaultProxy(serverPort: number): Promise<S3FaultProxy> {
  const calls: S3Call[] = [];
  const parts = { now: 0, most: 0 };
  let meddling: Meddling | undefined;
  const server = createServer((incoming, outgoing) => {
    const call = toCall(incoming);
    calls.push(call);
    if (call.operation === 'UploadPart') {
      parts.now += 1;
      parts.most = Math.max(parts.most, parts.now);
      outgoing.once('close', () => (parts.now -= 1));
    }
    void Promise.resolve(meddling?.(call)).then((fault) => {
      pass(serverPort, fault, incoming, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    calls,
    get mostPartsAtOnce() {
      return parts.most;
    },
    meddle: (next) => {
      meddling = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(
  port: number,
  fault: S3Fault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  if (fault?.kind === 'answer') {
    answer(fault, incoming, outgoing);
    return;
  }
  if (fault?.kind === 'hang') {
    incoming.resume();
    return;
  }
  const { method, url, rawHeaders } = incoming;
  // The host is signed, so it stays the proxy's own.
  const forwarded = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path: url,
    headers: rawHeaders,
  });
  const breakOff = (): void => {
    forwarded.destroy();
    incoming.socket.destroy();
  };
  forwarded.on('error', breakOff);
  incoming.on('error', breakOff);
  incoming.on('close', () => {
    if (!incoming.complete) forwarded.destroy();
  });
  forwarded.on('response', (response) => {
    if (fault?.kind === 'lose-answer') {
      response.resume().on('end', breakOff);
      return;
    }
    outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
    response.pipe(outgoing);
  });
  if (fault?.kind !== 'cut') {
    incoming.pipe(forwarded);
    return;
  }
  let passed = 0;
  incoming.on('data', (bytes: Buffer) => {
    passed += bytes.length;
    if (passed >= fault.afterBytes) breakOff();
    else forwarded.write(bytes);
  });
}

function answer(
  { status, code }: Extract<S3Fault, { kind: 'answer' }>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  incoming.resume().on('end', () => {
    outgoing.writeHead(status, { 'content-type': 'application/xml' });
    const error = `<Error><Code>${code ?? ''}</Code><Message>as the test says</Message></Error>`;
    outgoing.end(code === undefined || incoming.method === 'HEAD' ? '' : error);
  });
}

function toCall({ method = '', url = '', headers }: IncomingMessage): S3Call {
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  const partNumber = searchParams.get('partNumber');
  return {
    operation: toOperation(method, searchParams),
    path: pathname,
    partNumber: partNumber === null ? undefined : Number(partNumber),
    isConditional: headers['if-none-match'] === '*',
  };
}

function toOperation(method: string, query: URLSearchParams): string {
  const isPart = query.has('uploadId');
  if (method === 'PUT') return isPart ? 'UploadPart' : 'PutObject';
  if (method === 'POST') return isPart ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
  if (method === 'DELETE') return isPart ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method === 'HEAD') return 'HeadObject';
  if (query.has('uploads')) return 'ListMultipartUploads';
  return query.has('list-type') ? 'ListObjectsV2' : 'GetObject';
}
