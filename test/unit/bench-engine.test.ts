import { parseCpuMs } from '../../bench/cpu.ts';
import { describeEvents } from '../../bench/engine/events.ts';
import type { Run } from '../../bench/engine/run-jobs.ts';
import { fromPrompt, toPrompt } from '../../bench/engine/shape.ts';
import { orderOfTurn, reportTurns } from '../../bench/engine/turns.ts';
import type { Turn } from '../../bench/engine/turns.ts';
import { toCount } from '../../bench/parse-options.ts';
import { collectFigures } from './bench-report.ts';

function runOf(jobsPerSecond: number): Run {
  return { jobsPerSecond, workerCpuMs: 20, serverCpuMs: 40 };
}

function turnOf(ours: number, loop: number, floor: number): Turn {
  return { ours: runOf(ours), loop: runOf(loop), floor: runOf(floor) };
}

describe('the turns of the engine benchmark', () => {
  it('begin with another side each time, and leave none out', () => {
    expect([0, 1, 2, 3].map(orderOfTurn)).toEqual([
      ['ours', 'loop', 'floor'],
      ['loop', 'floor', 'ours'],
      ['floor', 'ours', 'loop'],
      ['ours', 'loop', 'floor'],
    ]);
  });

  it('are compared pair by pair: the ratio is the median of the ratios', () => {
    const { figures, report } = collectFigures();

    reportTurns([turnOf(20, 10, 40), turnOf(30, 10, 100), turnOf(5, 5, 10)], report);

    expect(figures.get('engine.ours_over_loop')?.value).toBe(2);
    expect(figures.get('engine.ours_over_floor')?.value).toBe(0.5);
    expect(figures.get('engine.ours.jobs_per_second')?.value).toBe(20);
    expect(figures.get('engine.floor.server_cpu')?.value).toBe(40);
  });

  it('must reach twice the loop and three tenths of the floor', () => {
    const { figures, report } = collectFigures();

    reportTurns([turnOf(20, 10, 40)], report);

    expect(figures.get('engine.ours_over_loop')?.bound).toEqual({ kind: 'at least', value: 2 });
    expect(figures.get('engine.ours_over_floor')?.bound).toEqual({ kind: 'at least', value: 0.3 });
  });
});

describe('a job of the engine benchmark', () => {
  it('carries its shape in the prompt', () => {
    const shape = { polls: 500, delayMs: 5 };
    expect(fromPrompt(toPrompt(shape))).toEqual(shape);
  });

  it('has its events counted by their kind, the most frequent first', () => {
    const names = ['timer fired', 'workflow task completed', 'workflow task completed'];
    expect(describeEvents(names)).toBe('2 workflow task completed, 1 timer fired');
  });
});

describe('the CPU time of a process', () => {
  it('is user and system time together, whatever the program is called', () => {
    const stat = '42 (node (x) 7 8) S 1 42 42 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 11 0 1';
    expect(parseCpuMs(stat)).toBe(1750);
  });

  it('is not made up where the text holds none', () => {
    expect(() => parseCpuMs('42 (node) S 1')).toThrow('no CPU times');
  });
});

describe('how many, on the command line', () => {
  it('is a whole number of 1 or more', () => {
    expect(toCount('300')).toBe(300);
    for (const text of ['0', '-1', '1.5', 'many', '']) {
      expect(() => toCount(text)).toThrow('It must be a whole number, 1 or more.');
    }
  });
});
