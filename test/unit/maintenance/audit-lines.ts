import type { AuditOptions } from '../../../src/maintenance/audit/audit.ts';
import { audit } from '../../../src/maintenance/audit/audit.ts';
import type { AuditLine, InvariantId } from '../../../src/maintenance/audit/invariant.ts';
import type {
  AuditPorts,
  NamedText,
  ReplayedHistory,
} from '../../../src/maintenance/audit/ports.ts';
import { inspectMedia } from '../../../src/media/index.ts';
import type { MaintainedInstallation } from './maintained-installation.ts';
import { QUIET } from './maintained-installation.ts';

export type Ports = Partial<AuditPorts>;

export async function* each<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** The lines of an audit by their invariant. */
export async function auditOf(
  { installation, ledger, store, runs, clock }: MaintainedInstallation,
  ports: Ports = {},
  options: AuditOptions = {},
): Promise<Map<InvariantId, AuditLine>> {
  const lines = await audit(
    {
      accounts: installation.accounts,
      ledger,
      store,
      runs,
      clock,
      inspectMedia,
      spoolFiles: () => each<NamedText>(),
      histories: () => each<NamedText>(),
      replay: () => each<ReplayedHistory>(),
      logger: QUIET,
      ...ports,
    },
    { recheckAfterMs: 1, ...options },
  );
  return new Map(lines.map((line) => [line.invariant, line]));
}

/** What is violated, by invariant; the lines that hold are left out. */
export async function violationsOf(
  here: MaintainedInstallation,
  ports: Ports = {},
  options: AuditOptions = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  const lines = [...(await auditOf(here, ports, options)).values()];
  return Object.fromEntries(
    lines
      .filter(({ verdict }) => verdict === 'violated')
      .map(({ invariant, violations }) => [invariant, [...violations.items].sort()]),
  );
}

export function verdictsOf(lines: Map<InvariantId, AuditLine>): readonly string[] {
  return [...lines.values()].map(({ invariant, verdict }) => `${invariant} ${verdict}`);
}

export const ALL_HOLD: readonly string[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(
  (number) => `I${number} holds`,
);

/** A text that contains this. */
export const like = (text: string): unknown => expect.stringContaining(text);
