import { writeFile } from 'node:fs/promises';
import type { Report } from './figures.ts';
import { FigureReport } from './figures.ts';
import type { RegisterBench } from './register-bench.ts';
import { compareSchedules } from './schedule/compare.ts';
import type { FleetScene } from './schedule/fleet-scenes.ts';
import { compareFleets } from './schedule/fleet-scenes.ts';
import { loadDurations, writeDurations } from './schedule/load-durations.ts';
import type { DurationSet } from './schedule/make-durations.ts';
import { theoreticalShare } from './schedule/optimum.ts';
import { renderPlot } from './schedule/plot.ts';

interface ScheduleFlags {
  readonly json?: boolean;
  readonly svg?: string;
  readonly writeDurations?: boolean;
}

/** Of the readings of a fixed 15 s, on durations of one variant. */
const MOST_SHARE = 0.5;
/** Of the lag of a fixed 15 s. */
const MOST_LAG_RATIO = 1;
/** Of the oracle's lag, on a crowded key. */
const MOST_ORACLE_RATIO = 1.5;

const FLEETS: Readonly<Record<string, FleetScene>> = {
  'together.learned': { jobs: 100, overSeconds: 0, isLearned: true },
  'together.empty': { jobs: 100, overSeconds: 0, isLearned: false },
  'staggered.learned': { jobs: 100, overSeconds: 300, isLearned: true },
  'staggered.empty': { jobs: 100, overSeconds: 300, isLearned: false },
};

const HELP = `
Simulated in virtual time, with the schedule as the worker runs it. The durations are made, not recorded: bench/schedule/durations.json.

  schedule.<durations>.<schedule>.readings   per task; and the lag from its end to the reading that showed it
  schedule.<durations>.share                 of the readings of a fixed 15 s; at most half where the durations are one variant's
  schedule.<durations>.lag.ratio             to the mean lag of a fixed 15 s
  schedule.<durations>.bound                 the least share that theory allows at the same mean lag
  schedule.fleet.<fleet>.ratio               mean lag of 100 tasks on a key with 60 polls per minute, to an oracle's

Examples:
  $ npm run bench -- schedule
  $ npm run bench -- schedule --svg docs/polling.svg
  $ npm run --silent bench -- schedule --json > figures.jsonl
`;

export const registerSchedule: RegisterBench = (program, exitWith) => {
  program
    .command('schedule')
    .description('readings and lag of the poll schedule against fixed intervals')
    .option('--json', 'print JSON lines')
    .option('--svg <file>', 'draw readings and lag')
    .option('--write-durations', 'make bench/schedule/durations.json anew, first')
    .action(async (flags: ScheduleFlags) => {
      if (flags.writeDurations === true) await writeDurations();
      const { sets } = await loadDurations();
      const report = new FigureReport(flags.json === true);
      for (const set of sets) measureSet(set, report);
      for (const [name, scene] of Object.entries(FLEETS)) measureFleet(name, scene, report);
      if (flags.svg !== undefined) await writeFile(flags.svg, renderPlot(sets));
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

function measureSet(set: DurationSet, report: Report): void {
  const outcomes = compareSchedules(set);
  const prefix = `schedule.${set.name}`;
  for (const [name, outcome] of Object.entries(outcomes)) {
    const of = `${prefix}.${name}`;
    report.add({ name: `${of}.readings`, value: outcome.readings, unit: '' });
    report.add({ name: `${of}.lag.mean`, value: outcome.meanLagSeconds, unit: 's' });
    report.add({ name: `${of}.lag.p50`, value: outcome.lagP50Seconds, unit: 's' });
    report.add({ name: `${of}.lag.p95`, value: outcome.lagP95Seconds, unit: 's' });
  }
  const { learned, 'fixed-15': fixed } = outcomes;
  if (learned === undefined || fixed === undefined) throw new RangeError('a schedule is missing');
  const bound = theoreticalShare(set.measured);
  report.add({ name: `${prefix}.bound`, value: bound, unit: '' });
  const share = { name: `${prefix}.share`, value: learned.readings / fixed.readings, unit: '' };
  const lag = learned.meanLagSeconds / fixed.meanLagSeconds;
  const ratio = { name: `${prefix}.lag.ratio`, value: lag, unit: '' };
  if (set.isConcentrated) {
    report.add(share, { kind: 'at most', value: MOST_SHARE });
    report.add(ratio, { kind: 'at most', value: MOST_LAG_RATIO });
    return;
  }
  report.add(share);
  report.add(ratio);
}

function measureFleet(name: string, scene: FleetScene, report: Report): void {
  const fleet = compareFleets(scene);
  const of = `schedule.fleet.${name}`;
  const ratio = fleet.meanLagSeconds / fleet.oracleLagSeconds;
  report.add({ name: `${of}.readings`, value: fleet.readingsPerJob, unit: '' });
  report.add({ name: `${of}.lag.mean`, value: fleet.meanLagSeconds, unit: 's' });
  report.add({ name: `${of}.lag.longest`, value: fleet.longestLagSeconds, unit: 's' });
  const bound = { kind: 'at most', value: MOST_ORACLE_RATIO } as const;
  report.add({ name: `${of}.ratio`, value: ratio, unit: '' }, bound);
}
