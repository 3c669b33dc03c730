// Preloaded with `node --import`: does something to this process at one of the moments that it passes through. Product
// code knows nothing of it: the moments are those of Node's file functions, of the database and of the HTTP client.
import { subscribe } from 'node:diagnostics_channel';
import files from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';

const failpoints = JSON.parse(process.env.POLLUX_TEST_FAILPOINTS).map((failpoint) => ({
  count: 1,
  ...failpoint,
  pattern: new RegExp(failpoint.moment),
  isCounting: failpoint.activity === undefined,
  seen: 0,
}));

watchActivities();
watchDatabase();
watchFiles();
watchHttp();

/** Every moment comes through here, as a line such as `before sql commit`. */
function pass(line) {
  for (const failpoint of failpoints) {
    if (!failpoint.isCounting || !failpoint.pattern.test(line)) continue;
    failpoint.seen += 1;
    const isLate = failpoint.seen > failpoint.count && failpoint.isLasting;
    if (failpoint.seen === failpoint.count || isLate) act(failpoint, line);
  }
}

const SIGNALS = { kill: 'SIGKILL', stop: 'SIGSTOP', terminate: 'SIGTERM' };

function act({ action, sqliteCode }, line) {
  if (action in SIGNALS) {
    process.kill(process.pid, SIGNALS[action]);
    return;
  }
  throw Object.assign(new Error(`failpoint ${line}`), sqliteCode && { sqliteCode });
}

function watchActivities() {
  subscribe('pollux-test:activity', ({ name }) => {
    for (const failpoint of failpoints) failpoint.isCounting ||= failpoint.activity === name;
    pass(`before activity ${name}`);
  });
}

/** The methods of a database cannot be replaced, but its constructor can, as long as the package has not loaded it. */
function watchDatabase() {
  const entry = createRequire(import.meta.url).resolve('@photostructure/sqlite');
  const binding = createRequire(entry)('node-gyp-build')(join(dirname(entry), '..'));
  binding.DatabaseSync = new Proxy(binding.DatabaseSync, {
    construct: (...parameters) => watchStatements(Reflect.construct(...parameters)),
  });
}

function watchStatements(database) {
  const exec = database.exec.bind(database);
  const prepare = database.prepare.bind(database);
  replace(database, 'exec', (sql) => aroundSql(sql, () => exec(sql)));
  replace(database, 'prepare', (sql) => {
    const statement = prepare(sql);
    for (const name of ['run', 'all', 'iterate']) {
      const original = statement[name].bind(statement);
      replace(statement, name, (...parameters) => aroundSql(sql, () => original(...parameters)));
    }
    return statement;
  });
  return database;
}

function replace(object, name, value) {
  Object.defineProperty(object, name, { value });
}

function aroundSql(sql, work) {
  const line = `sql ${sql.toLowerCase()}`;
  pass(`before ${line}`);
  const result = work();
  pass(`after ${line}`);
  return result;
}

function watchFiles() {
  const paths = new WeakMap();
  for (const name of ['link', 'rename', 'unlink', 'rm', 'mkdir']) {
    const original = files[name];
    files[name] = (...parameters) =>
      aroundAsync(`file ${name} ${parameters[0]}`, () => original(...parameters));
  }
  const { open } = files;
  let isWatched = false;
  files.open = async (path, ...rest) => {
    const handle = await aroundAsync(`file open ${path}`, () => open(path, ...rest));
    paths.set(handle, path);
    if (!isWatched) watchHandles(Object.getPrototypeOf(handle), paths);
    isWatched = true;
    return handle;
  };
  syncBuiltinESMExports();
}

function watchHandles(prototype, paths) {
  for (const name of ['write', 'writeFile', 'sync', 'datasync']) {
    const original = prototype[name];
    prototype[name] = function (...parameters) {
      return aroundAsync(`file ${name} ${paths.get(this)}`, () => original.apply(this, parameters));
    };
  }
}

function watchHttp() {
  subscribe('net.client.socket', ({ socket }) => {
    pass('before http connect');
    socket.once('connect', () => pass('after http connect'));
  });
  const requests = {
    'undici:client:sendHeaders': 'before http send',
    'undici:request:bodySent': 'after http send',
    'undici:request:headers': 'after http reply head',
    'undici:request:trailers': 'after http reply',
  };
  for (const [channel, line] of Object.entries(requests)) {
    subscribe(channel, ({ request }) => pass(`${line} ${request.method}`));
  }
}

async function aroundAsync(line, work) {
  pass(`before ${line}`);
  const result = await work();
  pass(`after ${line}`);
  return result;
}
