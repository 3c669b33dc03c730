import { createRandom } from './random.ts';

/** Durations of one kind of task, in seconds: a sample to learn from and another one to measure on. */
export interface DurationSet {
  readonly name: string;
  /** What it was drawn from. */
  readonly law: string;
  /** True where the durations are those of one variant: little spread. */
  readonly isConcentrated: boolean;
  /** True where the schedule was never looked at with this law while its constants were chosen. */
  readonly isHeldOut: boolean;
  readonly training: readonly number[];
  readonly measured: readonly number[];
}

export interface DurationFile {
  readonly note: string;
  readonly seed: number;
  readonly sets: readonly DurationSet[];
}

type Random = () => number;

interface Law extends Omit<DurationSet, 'training' | 'measured'> {
  readonly draw: (random: Random) => number;
}

const NOTE =
  'Made, not recorded from a provider: drawn once by bench/schedule/make-durations.ts from the laws named here, with the seed given. Seconds.';
const SEED = 20_261_121;
const TRAINING = 120;
const MEASURED = 600;

const tuned = { isConcentrated: true, isHeldOut: false } as const;

const LAWS: readonly Law[] = [
  { name: 'short', law: 'log-normal, mean 90, CV 0.15', ...tuned, draw: logNormal(90, 0.15) },
  { name: 'usual', law: 'log-normal, mean 150, CV 0.20', ...tuned, draw: logNormal(150, 0.2) },
  { name: 'long', law: 'gamma, mean 240, CV 0.20', ...tuned, draw: gamma(240, 25) },
  {
    name: 'spread',
    law: 'log-normal, mean 150, CV 0.35',
    ...tuned,
    isConcentrated: false,
    draw: logNormal(150, 0.35),
  },
  {
    name: 'mixed',
    law: '65 % log-normal, mean 80, CV 0.12; 35 % log-normal, mean 220, CV 0.12',
    ...tuned,
    isConcentrated: false,
    draw: (random) => (random() < 0.65 ? logNormal(80, 0.12) : logNormal(220, 0.12))(random),
  },
  {
    name: 'uniform',
    law: 'uniform, 60 to 300',
    ...tuned,
    isConcentrated: false,
    draw: (random) => 60 + 240 * random(),
  },
  {
    name: 'held-out',
    law: 'inverse Gaussian, mean 200, CV 0.18',
    isConcentrated: true,
    isHeldOut: true,
    draw: inverseGaussian(200, 0.18),
  },
  {
    name: 'held-out-queued',
    law: 'a queue, exponential, mean 20; then work, logistic, mean 130, scale 8',
    isConcentrated: true,
    isHeldOut: true,
    draw: (random) => exponential(20)(random) + logistic(130, 8)(random),
  },
];

export function makeDurations(): DurationFile {
  const random = createRandom(SEED);
  const sets = LAWS.map(({ draw, ...law }) => {
    const sample = (count: number): readonly number[] =>
      Array.from({ length: count }, () => Math.round(10 * Math.max(1, draw(random))) / 10);
    return { ...law, training: sample(TRAINING), measured: sample(MEASURED) };
  });
  return { note: NOTE, seed: SEED, sets };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function exponential(mean: number): (random: Random) => number {
  return (random) => -mean * Math.log(1 - random());
}

function logistic(mean: number, scale: number): (random: Random) => number {
  return (random) => {
    const share = Math.min(Math.max(random(), 1e-9), 1 - 1e-9);
    return mean + scale * Math.log(share / (1 - share));
  };
}

function logNormal(mean: number, variation: number): (random: Random) => number {
  const variance = Math.log(1 + variation ** 2);
  return (random) => Math.exp(Math.log(mean) - variance / 2 + Math.sqrt(variance) * normal(random));
}

/** As a sum of exponential parts: its coefficient of variation is one over the root of their number. */
function gamma(mean: number, parts: number): (random: Random) => number {
  const part = exponential(mean / parts);
  return (random) => {
    let sum = 0;
    for (let index = 0; index < parts; index += 1) sum += part(random);
    return sum;
  };
}

/** By the method of Michael, Schucany and Haas. */
function inverseGaussian(mean: number, variation: number): (random: Random) => number {
  const shape = mean / variation ** 2;
  return (random) => {
    const square = normal(random) ** 2;
    const root = Math.sqrt(4 * mean * shape * square + (mean * square) ** 2);
    const lower = mean + (mean ** 2 * square) / (2 * shape) - (mean * root) / (2 * shape);
    return random() <= mean / (mean + lower) ? lower : mean ** 2 / lower;
  };
}
