import { fileSystemType } from '../../../src/ledger/network-file-systems.ts';

const MOUNTS = [
  'overlay / overlay rw 0 0',
  'tmpfs /tmp tmpfs rw 0 0',
  'filer:/export /mnt/shared nfs4 rw 0 0',
  '/dev/sdb1 /mnt/shared/local ext4 rw 0 0',
  '//filer/share /mnt/two\\040words cifs rw 0 0',
  '',
].join('\n');

it.each([
  ['/srv/pollux', 'overlay'],
  ['/tmp', 'tmpfs'],
  ['/mnt/shared/pollux', 'nfs4'],
  ['/mnt/shared-but-not', 'overlay'],
  ['/mnt/shared/local/pollux', 'ext4'],
  ['/mnt/two words/pollux', 'cifs'],
])('the innermost mount tells the file system of %s', (path, type) => {
  expect(fileSystemType(MOUNTS, path)).toBe(type);
});
