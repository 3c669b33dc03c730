import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';

import { findFreePort } from '../../src/cli/ports.ts';

/** A PostgreSQL cluster of the test's own, on loopback, that keeps every commit on disk. */
export interface PostgresServer {
  readonly port: number;
  /** Makes an empty database and returns its URL. Its user may do anything and needs no password. */
  createDatabase(): Promise<string>;
  /** Removes everything from a database, which is several times as fast as making another. */
  clear(url: string): Promise<void>;
  /** Runs one statement, in a database that a URL names, as any other program would. */
  query(url: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  start(): Promise<void>;
  /** `immediate` is a crash: nothing is finished, nobody is told. `fast` ends every session first. */
  stop(mode: 'immediate' | 'fast'): Promise<void>;
  /** Ends the server and removes its files. */
  close(): Promise<void>;
}

/** A role that is let in with its password only. */
export const GUARDED_ROLE = 'guarded';

const FIND = fileURLToPath(new URL('../../scripts/find-postgres.mjs', import.meta.url));
const USER = 'ledger';
const START_TIMEOUT_SECONDS = '120';

/** Text is ordered as people read it, as on most servers, so that nothing leans on the order of bytes unasked. */
const LOCALE = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US'];

/** Nothing here weakens a commit; what is left out serves replicas and servers that run for long. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'wal_level=minimal',
  'max_wal_senders=0',
  'autovacuum=off',
];

const HOSTS = [
  `host all ${GUARDED_ROLE} 127.0.0.1/32 scram-sha-256`,
  'host all all 127.0.0.1/32 trust',
  '',
].join('\n');

const execute = promisify(execFile);

/** Makes and starts a cluster. Throws, saying how to install it, where this machine has no PostgreSQL. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPrograms();
  const owner = await findOwner();
  const folder = await mkdtemp(join(tmpdir(), 'pollux-postgres-'));
  const data = join(folder, 'data');
  const port = await findFreePort('127.0.0.1');
  const run = async (program: string, ...parameters: readonly string[]): Promise<void> => {
    await execute(join(programs, program), ['-D', data, ...parameters], { cwd: folder, ...owner });
  };
  const start = async (): Promise<void> => {
    const settings = [`-p ${port}`, ...SETTINGS.map((setting) => `-c ${setting}`)].join(' ');
    const log = join(folder, 'log');
    await run('pg_ctl', 'start', '-w', '-t', START_TIMEOUT_SECONDS, '-l', log, '-o', settings);
  };
  const stop = (mode: 'immediate' | 'fast'): Promise<void> => run('pg_ctl', 'stop', '-m', mode);
  let isMade = false;
  const close = async (): Promise<void> => {
    // Where a test has stopped the server it is not running any more, which is what is wanted.
    if (isMade) await stop('immediate').catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };

  try {
    if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
    await run('initdb', '-U', USER, '--auth=trust', '--encoding=UTF8', '--no-sync', ...LOCALE);
    await writeFile(join(data, 'pg_hba.conf'), HOSTS);
    isMade = true;
    await start();
  } catch (error) {
    await close();
    throw error;
  }

  const toUrl = (database: string): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    port,
    createDatabase: async () => {
      databases += 1;
      const name = `case_${databases}`;
      await query(toUrl('postgres'), `create database ${name}`);
      return toUrl(name);
    },
    clear: async (url) => {
      await query(url, 'drop schema public cascade; create schema public');
    },
    query,
    start,
    stop,
    close,
  };
}

async function query(
  url: string,
  text: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Readonly<Record<string, unknown>>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

async function findPrograms(): Promise<string> {
  const { stdout } = await execute(process.execPath, [FIND]);
  return stdout.trim();
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then it belongs to the user that its package has made. */
async function findOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([
    execute('id', ['-u', 'postgres']),
    execute('id', ['-g', 'postgres']),
  ]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
