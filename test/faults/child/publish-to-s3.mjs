// Publishes bytes to a store, in a process of its own that somebody may kill: `<url> <folder> <key> <bytes>`.
import { createArtifactStore } from '../../../dist/src/storage/index.js';

const [url, temporaryDirectory, key, sizeBytes] = process.argv.slice(2);
const store = createArtifactStore(url, { temporaryDirectory });
const temporary = await store.openTemporary(key);
await temporary.write(Buffer.alloc(Number(sizeBytes), 7));
await temporary.finish();
await store.publish(temporary, key, { mediaType: 'video/mp4', metadata: {} });
