import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { findFreePort } from '../../src/cli/ports.ts';
import { until } from './until.ts';

/** An S3 server of the test's own, on loopback, that checks signatures. */
export interface S3Server {
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Makes an empty bucket and returns the URL of a store in it, served at that port. */
  createBucket(port?: number): Promise<string>;
  start(): Promise<void>;
  /** Kills the server; what it answered before is on its disk. */
  stop(): Promise<void>;
  /** Ends the server and removes its files. */
  close(): Promise<void>;
}

/** From the sources, and from what is built of them. */
const FIND = ['../../scripts/find-versitygw.mjs', '../../../scripts/find-versitygw.mjs']
  .map((place) => fileURLToPath(new URL(place, import.meta.url)))
  .find((path) => existsSync(path));
const execute = promisify(execFile);

/** Starts a server whose credentials this process uses until it is closed. Throws, saying how to get it, where there is none. */
export async function startS3Server(): Promise<S3Server> {
  if (FIND === undefined) throw new Error('scripts/find-versitygw.mjs is missing');
  const program = (await execute(process.execPath, [FIND])).stdout.trim();
  const folder = await mkdtemp(join(tmpdir(), 'pollux-s3-'));
  const data = join(folder, 'buckets');
  await mkdir(data);
  const port = await findFreePort('127.0.0.1');
  const accessKeyId = randomBytes(10).toString('hex');
  const secretAccessKey = randomBytes(20).toString('hex');
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    await end(child);
    child = undefined;
  };
  const start = async (): Promise<void> => {
    const started = spawn(
      program,
      ['--quiet', '--keep-alive', '--port', `127.0.0.1:${port}`, 'posix', data],
      {
        cwd: folder,
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          ROOT_ACCESS_KEY_ID: accessKeyId,
          ROOT_SECRET_ACCESS_KEY: secretAccessKey,
        },
      },
    );
    child = started;
    await until('the S3 server to listen', async () => {
      if (started.exitCode !== null) throw new Error('the S3 server ended at its start');
      return listens(port);
    });
  };
  const restore = useCredentials({ accessKeyId, secretAccessKey });
  const close = async (): Promise<void> => {
    restore();
    await stop();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  let buckets = 0;
  return {
    port,
    accessKeyId,
    secretAccessKey,
    createBucket: async (servedAt = port) => {
      buckets += 1;
      const name = `case-${buckets}`;
      // A bucket of this server is a folder.
      await mkdir(join(data, name));
      return `s3://${name}/artifacts?endpoint=http://127.0.0.1:${servedAt}&pathStyle=true`;
    },
    start,
    stop,
    close,
  };
}

/** The SDK takes its credentials from here. Returns what puts the old ones back. */
export function useCredentials(server: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): () => void {
  const wanted = {
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    // Every run on this Node tells it, and no test is about it.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
