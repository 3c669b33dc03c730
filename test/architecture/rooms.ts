import type { ImportEdge } from './source-files.ts';

/** What a room may reach. Every list is complete: what is not in it is forbidden. */
export interface Room {
  /** Which files, as paths from the root. */
  readonly files: RegExp;
  /** Rooms it may import; `*` is every room. */
  readonly rooms: readonly string[];
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[];
  /** Single files outside those rooms. */
  readonly modules?: readonly string[];
  /** Packages it may import, as specifiers. */
  readonly packages: RegExp;
  /** Packages of which it may import types only. */
  readonly typePackages?: RegExp;
}

const NONE = /^$/;
const NOT_TEMPORAL = /^(?!@temporalio\/)/;
const MESSAGES = 'src/workflows/messages.ts';

/** The arrows of ARCHITECTURE.md. The first room whose pattern fits a file is the file's room. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: { files: /^src\/core\//, rooms: [], packages: NONE },
  workflows: {
    files: /^src\/workflows\//,
    rooms: ['core', 'failures'],
    types: ['activities'],
    packages: /^@temporalio\/(workflow|common)$/,
  },
  activities: {
    files: /^src\/activities\//,
    rooms: ['core', 'failures', 'maintenance'],
    packages: /^(node:|@temporalio\/(activity|common)$)/,
  },
  maintenance: { files: /^src\/maintenance\//, rooms: ['core'], packages: /^node:/ },
  providers: { files: /^src\/providers\//, rooms: ['core'], packages: NOT_TEMPORAL },
  storage: { files: /^src\/storage\//, rooms: ['core'], packages: NOT_TEMPORAL },
  ledger: { files: /^src\/ledger\//, rooms: ['core'], packages: NOT_TEMPORAL },
  media: { files: /^src\/media\//, rooms: ['core'], packages: NOT_TEMPORAL },
  encryption: {
    files: /^src\/encryption\//,
    rooms: ['core'],
    packages: /^(node:|@temporalio\/(common|proto)$)/,
  },
  webhooks: {
    files: /^src\/webhooks\//,
    rooms: ['core'],
    modules: [MESSAGES],
    packages: NOT_TEMPORAL,
  },
  manifest: {
    files: /^src\/manifest\//,
    rooms: ['core', 'schema'],
    packages: /^(node:|csv-(parse|stringify)(\/|$))/,
  },
  failures: {
    files: /^src\/failures\.ts$/,
    rooms: ['core'],
    packages: /^@temporalio\/common$/,
    typePackages: /^@temporalio\//,
  },
  config: {
    files: /^src\/config(\.ts$|\/)/,
    rooms: ['core', 'schema'],
    packages: /^(node:|zod$|yaml$|ipaddr\.js$|@temporalio\/envconfig$)/,
  },
  schema: {
    files: /^src\/schema\//,
    rooms: ['core'],
    packages: /^zod$/,
  },
  client: {
    files: /^src\/client(\.ts$|\/)/,
    rooms: ['core', 'failures', 'schema'],
    types: ['workflows', 'activities'],
    modules: [MESSAGES],
    packages: /^(node:|@temporalio\/(client|common|proto)(\/|$))/,
  },
  runtime: {
    files: /^src\/runtime\//,
    rooms: ['core', 'failures', 'config', 'encryption'],
    packages: /./,
  },
  composition: {
    files: /^src\/((worker|webhooks|installation|index)\.ts$|(worker|installation)\/)/,
    rooms: ['*'],
    packages: /./,
  },
  cli: {
    files: /^src\/cli\//,
    rooms: [
      'core',
      'config',
      'client',
      'failures',
      'schema',
      'manifest',
      'runtime',
      'maintenance',
      'composition',
    ],
    packages: /./,
  },
  simulator: { files: /^simulator\//, rooms: [], packages: NOT_TEMPORAL },
  bench: {
    files: /^bench\//,
    rooms: ['*'],
    modules: ['test/installation/prompt-server.ts', 'test/installation/s3-server.ts'],
    packages: /./,
  },
};

/** The command that starts the simulator. */
const SIMULATOR_COMMAND = /^src\/cli\/simulator(-[a-z]+)*\.ts$/;

export function roomOf(file: string): string | undefined {
  return Object.entries(ROOMS).find(([, room]) => room.files.test(file))?.[0];
}

/** Why an import is forbidden; `undefined` where it is allowed. */
export function forbids(edge: ImportEdge): string | undefined {
  const from = roomOf(edge.from);
  const room = from === undefined ? undefined : ROOMS[from];
  if (from === undefined || room === undefined) {
    return `${edge.from} belongs to no room: move it, or add its room to test/architecture/rooms.ts`;
  }
  return isAllowed(edge, from, room)
    ? undefined
    : `${edge.from} imports ${edge.isTypeOnly ? 'types of ' : ''}${edge.to}, which room ${from} may not reach`;
}

function isAllowed(edge: ImportEdge, from: string, room: Room): boolean {
  if (!edge.isOurs) {
    if (room.packages.test(edge.to)) return true;
    return edge.isTypeOnly && (room.typePackages?.test(edge.to) ?? false);
  }
  if (room.modules?.includes(edge.to)) return true;
  const to = roomOf(edge.to);
  if (to === undefined) return edge.to.endsWith('package.json');
  if (to === from || room.rooms.includes('*') || room.rooms.includes(to)) return true;
  if (SIMULATOR_COMMAND.test(edge.from) && to === 'simulator') return true;
  return edge.isTypeOnly && (room.types?.includes(to) ?? false);
}
