export { startShared as default } from './temporal.ts';
