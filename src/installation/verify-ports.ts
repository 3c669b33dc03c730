import type { Installation } from '../installation.ts';
import type { VerifyPorts } from '../maintenance/verify-artifact.ts';
import { inspectMedia } from '../media/index.ts';

/** What verifying the artifacts of this installation reads. */
export function openVerifyPorts(installation: Installation): VerifyPorts {
  return { store: installation.openStore(), inspectMedia };
}
