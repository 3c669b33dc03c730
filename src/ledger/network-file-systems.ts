import { readFileSync, realpathSync } from 'node:fs';

import { ConfigError } from '../core/errors.ts';

/** Their locks do not hold between hosts, and WAL needs memory that the readers share. */
const NETWORK_TYPES = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb',
  'smb2',
  'smb3',
  'smbfs',
  'afs',
  'fuse.sshfs',
]);

/** Throws `config.invalid` where the mount table says that the folder is on a network file system. */
export function refuseNetworkFileSystem(folder: string): void {
  const mounts = readMounts();
  const type = mounts === undefined ? undefined : fileSystemType(mounts, realpathSync(folder));
  if (type === undefined || !NETWORK_TYPES.has(type)) return;
  throw new ConfigError(
    'config.invalid',
    `ledger.url (sqlite): its folder is on a network file system (${type}), where SQLite's locks do not hold; ` +
      'name a path on a local disk',
    { details: { fileSystem: type } },
  );
}

/** The type of the innermost mount that holds a path. `mounts` is the text of /proc/mounts. */
export function fileSystemType(mounts: string, path: string): string | undefined {
  let innermost = '';
  let type: string | undefined;
  for (const line of mounts.split('\n')) {
    const [, escapedPoint, lineType] = line.split(' ');
    if (escapedPoint === undefined || lineType === undefined) continue;
    const point = unescapeMount(escapedPoint);
    const prefix = point.endsWith('/') ? point : `${point}/`;
    // A later mount at the same point hides the earlier one.
    if (`${path}/`.startsWith(prefix) && prefix.length >= innermost.length) {
      innermost = prefix;
      type = lineType;
    }
  }
  return type;
}

function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** `undefined` where the system has no such file: then nothing is known. */
function readMounts(): string | undefined {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch {
    return undefined;
  }
}
