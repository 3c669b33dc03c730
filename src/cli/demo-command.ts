import type { RegisterCommand } from './host.ts';

export const registerDemo: RegisterCommand = (program, host) => {
  program
    .command('demo')
    .description('run a few jobs offline on a real Temporal server, with a crash in the middle')
    .option('--keep', 'leave server, simulator and worker up to look at, until Ctrl-C')
    .action(async (options: { keep?: boolean }) => {
      const { runDemo } = await import('./demo.ts');
      host.exitWith(await runDemo({ keep: options.keep === true, terminal: host.terminal }));
    })
    .addHelpText('after', '\nExamples:\n  $ pollux demo\n  $ pollux demo --keep\n');
};
