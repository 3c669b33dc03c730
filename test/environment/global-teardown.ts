export { stopShared as default } from './temporal.ts';
