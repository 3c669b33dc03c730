import { registerArtifactsGet } from './artifacts-get.ts';
import { registerArtifactsList } from './artifacts-list.ts';
import { registerArtifactsVerify } from './artifacts-verify.ts';
import type { RegisterCommand } from './host.ts';

const EXAMPLES = `
Read from the ledger and the artifact store alone: Temporal and the providers may be away.

Examples:
  $ pollux artifacts list --batch spring --older-than 30d
  $ pollux artifacts get shot-7 --out renders/
  $ pollux artifacts verify --account nexusflow
`;

export const registerArtifacts: RegisterCommand = (program, host) => {
  const artifacts = program
    .command('artifacts')
    .description('list, copy and verify the stored files')
    .addHelpText('after', EXAMPLES);
  registerArtifactsList(artifacts, host);
  registerArtifactsGet(artifacts, host);
  registerArtifactsVerify(artifacts, host);
};
