import { defineRandomRun } from './world/random-run.ts';

defineRandomRun(1);
