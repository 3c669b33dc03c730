import { findTemporalCli } from './temporal-cli.ts';

/** Entry of its own: what `scripts/setup.mjs` runs. Prints which CLI was taken, or why none was. */
try {
  const cli = await findTemporalCli({ log: (line) => console.error(`  ${line}`) });
  console.log(`temporal CLI ${cli.version} from ${cli.source}: ${cli.path}`);
} catch (error) {
  // The lines after the first were printed one by one.
  console.error((error instanceof Error ? error.message : String(error)).split('\n')[0]);
  process.exitCode = 2;
}
// A download that was given up keeps the event loop alive.
process.exit();
