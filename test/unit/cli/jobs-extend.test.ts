import { main } from '../../../src/cli/main.ts';
import { captureTerminal } from './captured-terminal.ts';

describe('pollux jobs extend', () => {
  it('explains itself with examples', async () => {
    const terminal = captureTerminal();

    expect(await main(['jobs', 'extend', '--help'], terminal)).toBe(0);
    expect(terminal.out()).toContain('Examples:');
  });

  it.each([
    [['shot-7'], "required option '--seconds <number>' not specified"],
    [['shot-7', '--seconds', '0'], 'It must be 1 or more.'],
    [['shot-7', '--seconds', '1.5'], 'It must be a whole number'],
    [['a b', '--seconds', '60'], 'jobId ("a b")'],
  ])('refuses %j with a usage error', async (line, message) => {
    const terminal = captureTerminal();

    expect(await main(['jobs', 'extend', ...line], terminal)).toBe(2);
    expect(terminal.err()).toContain(message);
  });
});
