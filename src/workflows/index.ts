export { generateMedia } from './generate-media.ts';
export { runBatchPage } from './run-batch-page.ts';
export { runBatch } from './run-batch.ts';
export { sweep } from './sweep.ts';
