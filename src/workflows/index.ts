export { generateMedia } from './generate-media.ts';
export { sweep } from './sweep.ts';
