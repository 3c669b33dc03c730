import type { Command } from 'commander';

/** Adds one benchmark, with its options and examples, to the program. */
export type RegisterBench = (program: Command, exitWith: (exitCode: number) => void) => void;
