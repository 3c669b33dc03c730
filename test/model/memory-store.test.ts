import { artifactStoreContract } from '../contract/suites/artifact-store-contract.ts';
import { MemoryStore } from './world/memory-store.ts';

const cases = artifactStoreContract({
  open: async () => ({
    store: new MemoryStore(() => 0),
    dispose: async () => undefined,
  }),
});

describe('the store in memory keeps the laws of the ArtifactStore port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
